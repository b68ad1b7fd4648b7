-- fill KEY EPOCH STAMP DEPS TTL BLOCK
--
-- Keeps a value for TTL ms.  EPOCH is the one in which its reader began: a
-- mark that the reader did not see may have been lost with an older one.
-- Stamps and marks are 20 digits: as numbers they would lose their last ones.
--
-- Returns 1: kept; 0: older than a mark or than the value there; -1: another
-- epoch.

local epoch, stamp = ARGV[2], ARGV[3]
local base = 'devtalk:' .. epoch
local key = base .. ':v:' .. ARGV[1]
local names = {'devtalk:epoch'}

for dep in string.gmatch(ARGV[4], '%S+') do
    names[#names + 1] = base .. ':m:' .. dep
end

local marks = redis.call('MGET', unpack(names))

if marks[1] ~= epoch then
    return -1
end

for i = 2, #names do
    if marks[i] and marks[i] >= stamp then
        return 0
    end
end

if redis.call('GETRANGE', key, 0, 19) > stamp then
    return 0
end

redis.call('SET', key, stamp .. ARGV[6], 'PX', ARGV[5])

return 1
