-- epoch RUN FRESH FORCE
--
-- All values and marks carry the epoch in their keys.  A new one begins when
-- marks may be missing: in a server that started anew, perhaps with contents
-- of an hour ago (RUN is the id of its process), and when a node could not
-- deliver a mark (FORCE is "1").  Nodes are told, and drop what they hold.
--
-- Returns the epoch.

local run, fresh, force = ARGV[1], ARGV[2], ARGV[3]
local epoch = redis.call('GET', 'devtalk:epoch')
local other = redis.call('GET', 'devtalk:run') ~= run

if other then
    local time = redis.call('TIME')
    redis.call('SET', 'devtalk:since',
               time[1] * 1000 + math.floor(time[2] / 1000))
    redis.call('SET', 'devtalk:run', run)
end

if other or not epoch or force == '1' then
    epoch = fresh
    redis.call('SET', 'devtalk:epoch', epoch)
    redis.call('PUBLISH', 'devtalk:marks', 'E ' .. epoch)
end

return epoch
