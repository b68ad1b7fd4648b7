-- fetch KEY
--
-- Returns {}: nothing can be trusted; {epoch}: no good value;
-- {epoch, block}: a value none of whose dependencies has a mark at or above
-- its stamp.  Stamps and marks are 20 digits: as numbers they would lose
-- their last ones.

local epoch = redis.call('GET', 'devtalk:epoch')

if not epoch then
    return {}
end

local base = 'devtalk:' .. epoch
local value = redis.call('HMGET', base .. ':v:' .. ARGV[1],
                         'stamp', 'deps', 'block')

if not value[1] then
    return {epoch}
end

for dep in string.gmatch(value[2], '%S+') do
    local mark = redis.call('GET', base .. ':m:' .. dep)

    if mark and mark >= value[1] then
        return {epoch}
    end
end

return {epoch, value[3]}
