-- beat NODE LEASE CHANNEL PAYLOAD
--
-- Lists the node among those that have to acknowledge marks, for LEASE ms,
-- and sends PAYLOAD back to it: behind all marks published so far.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', 'devtalk:nodes', '-inf', '(' .. now)
redis.call('ZADD', 'devtalk:nodes', now + ARGV[2], ARGV[1])

return redis.call('PUBLISH', ARGV[3], ARGV[4])
