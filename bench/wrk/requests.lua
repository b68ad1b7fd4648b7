-- Sends the requests of a targets file (target.py):
--
--     wrk ... -s requests.lua URL -- FILE ORDER CHECK THREADS
--
-- ORDER  "random", or a number: each thread goes through its own share, round
--        and round, and begins so far behind its first
-- CHECK  "check": every answer's status and body are held against what the
--        file says, which takes one connection a thread; "count": only what
--        wrk counts itself, because a callback for each answer would be a
--        good part of what is measured
--
-- Prints one line of JSON.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end


local request_text, status_wanted, parts_wanted = {}, {}, {}
local at, first, last

checked, wrong, complaint = 0, 0, ""

local function read(name)
    local n = 0

    for line in io.lines(name) do
        local status, parts, text = line:match("^(%d+)\t([^\t]*)\t(.*)$")
        n = n + 1
        status_wanted[n] = tonumber(status)
        parts_wanted[n] = parts
        request_text[n] = text:gsub("\1", "\r\n")
    end

    return n
end

local function answered(status, headers, body)
    local problem

    checked = checked + 1

    if status ~= status_wanted[at] then
        problem = "status " .. status .. " instead of " .. status_wanted[at]
    else
        for part in parts_wanted[at]:gmatch("[^\2]+") do
            if not body:find(part, 1, true) then
                problem = "no " .. part .. " in " .. body:sub(-300)
            end
        end
    end

    if problem then
        wrong = wrong + 1
        complaint = request_text[at]:match("^[^\r]*") .. ": " .. problem
    end
end

function init(args)
    local count = read(args[1])
    local share = count / tonumber(args[4])

    first = math.floor(number * share) + 1
    last = math.floor((number + 1) * share)
    at = first - 1 + (tonumber(args[2]) or 0) % (last - first + 1)

    if args[2] == "random" and args[3] ~= "check" then
        local random = math.random

        math.randomseed(number * 7919 + os.time())
        request = function()
            return request_text[random(count)]
        end
    else
        request = function()
            at = at < last and at + 1 or first
            return request_text[at]
        end
    end

    if args[3] == "check" then
        response = answered
    end
end


function done(summary, latency)
    local all_checked, all_wrong, why = 0, 0, ""

    for _, thread in ipairs(threads) do
        all_checked = all_checked + thread:get("checked")
        all_wrong = all_wrong + thread:get("wrong")
        if thread:get("complaint") ~= "" then
            why = thread:get("complaint")
        end
    end

    io.write(string.format(
        '\n{"requests":%d,"microseconds":%d,"bytes":%d,"refused":%d,'
        .. '"broken":%d,"late":%d,"p50":%d,"p99":%d,"checked":%d,'
        .. '"wrong":%d,"complaint":"%s"}\n',
        summary.requests, summary.duration, summary.bytes,
        summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write,
        summary.errors.timeout,
        latency:percentile(50), latency:percentile(99),
        all_checked, all_wrong,
        (why:gsub('[%c"\\]', "."))))
end
