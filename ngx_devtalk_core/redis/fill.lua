-- fill KEY EPOCH STAMP DEPS TTL BLOCK
--
-- Keeps a value for TTL ms.  EPOCH is the one in which its reader began: a
-- mark that the reader did not see may have been lost with an older one.
--
-- Returns 1: kept; 0: older than a mark or than the value there; -1: another
-- epoch.

local key, epoch, stamp, deps = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('GET', 'devtalk:epoch') ~= epoch then
    return -1
end

local base = 'devtalk:' .. epoch

for dep in string.gmatch(deps, '%S+') do
    local mark = redis.call('GET', base .. ':m:' .. dep)

    if mark and mark >= stamp then
        return 0
    end
end

local there = redis.call('HGET', base .. ':v:' .. key, 'stamp')

if there and there > stamp then
    return 0
end

redis.call('HSET', base .. ':v:' .. key,
           'stamp', stamp, 'deps', deps, 'block', ARGV[6])
redis.call('PEXPIRE', base .. ':v:' .. key, ARGV[5])

return 1
