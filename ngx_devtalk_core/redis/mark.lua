-- mark MARK TTL MARKS NODE SLOT SEQ LEASE
--
-- Raises the marks of the dependencies in MARKS, tells all nodes, and returns
-- {epoch, wait, node, ...}: the nodes that may trust their zones now and so
-- have to acknowledge.  A list younger than LEASE ms may miss nodes that
-- still trust what the server before this one told them: "wait" says for how
-- many ms.  The epoch is '' if there is none: the marks are not kept then.

local mark, ttl, marks, node = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease = tonumber(ARGV[7])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch = redis.call('GET', 'devtalk:epoch')

if epoch then
    for dep in string.gmatch(marks, '%S+') do
        local key = 'devtalk:' .. epoch .. ':m:' .. dep
        local there = redis.call('GET', key)

        if not there or there < mark then
            redis.call('SET', key, mark, 'PX', ttl)
        end
    end
end

redis.call('PUBLISH', 'devtalk:marks', table.concat(
           {'M', mark, node, ARGV[5], ARGV[6], marks}, ' '))

local since = tonumber(redis.call('GET', 'devtalk:since') or now)
local wait = math.min(math.max(since + lease - now, 0), lease)
local reply = {epoch or '', wait}

for _, other in ipairs(redis.call('ZRANGEBYSCORE', 'devtalk:nodes', now,
                                  '+inf')) do
    if other ~= node then
        reply[#reply + 1] = other
    end
end

return reply
