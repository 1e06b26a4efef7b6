-- Numbers beyond 14 digits as whole numbers, which Lua would write as 1.7e+15.
local function whole(number)
  return string.format('%.0f', number)
end
