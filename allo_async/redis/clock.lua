-- Microseconds on the server's clock, the only one that all processes share.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
