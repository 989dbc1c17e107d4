# Prints what failed, out of the output of go test, go vet, node --test, vitest or a compiler, in 4,500 bytes at most:
# the names of failing tests, and their messages with file and line. Where nothing is recognized it prints the end.

BEGIN { budget = 4500; per_test = 12; more = 4 }

{ tail[NR % 25] = $0 }

# --- go test -----------------------------------------------------------------------------------------------------------

/^ *--- FAIL: / { close_test(); heading = $0; next }
heading != "" && /^ +[^ :]+\.go:[0-9]+: / { messages[++count] = $0; following = more; next }
heading != "" && /^        / { if (following-- > 0) messages[count] = messages[count] "\n" cut($0); next }
/^ *--- (PASS|SKIP): |^=== |^(ok|FAIL|\?)[ \t]/ { close_test() }
/^FAIL[ \t]/ { say($0); next }
/^(panic|fatal error): |^WARNING: DATA RACE/ { close_test(); say($0); raw = 14; next }
raw > 0 { raw--; if ($0 ~ /[^ \t]/) say($0); next }
/\.(go|ts|tsx|mjs):[0-9]+:[0-9]+: |error TS[0-9]+|^gofmt would change/ { say($0); next }

# --- node --test (spec) and vitest -------------------------------------------------------------------------------------

/failing tests:$/ { failing = 1; printed = ""; next } # all is said once more
failing && /^test at / { say(""); say($0); lines = 14; next }
failing { if (lines-- > 0 && $0 ~ /[^ ]/) say($0); next }
/^ *(FAIL|❯|AssertionError|[A-Za-z]*Error:) / { say($0) }

END {
  close_test()
  if (printed == "") for (i = NR + 1; i <= NR + 25; i++) if (tail[i % 25] != "") say(tail[i % 25])
  printf "%s", printed
  if (left > 0) printf "… and %d lines more\n", left
}

function cut(line) { return length(line) > 320 ? substr(line, 1, 320) "…" : line }

function say(line) {
  line = cut_all(line) "\n"
  if (length(printed) + length(line) > budget) { left++; return }
  printed = printed line
}

# cut_all cuts each line of a text.
function cut_all(text,  parts, n, i, out) {
  n = split(text, parts, "\n")
  for (i = 1; i <= n; i++) out = out (i > 1 ? "\n" : "") cut(parts[i])
  return out
}

# close_test says a failing test's name and its last messages: what is wrong comes after what was noted on the way.
function close_test(  i) {
  if (heading == "") return
  say(heading)
  for (i = count > per_test ? count - per_test + 1 : 1; i <= count; i++) say(messages[i])
  heading = ""
  count = following = 0
  delete messages
}
