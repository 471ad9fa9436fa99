select "a ""b", U&"\0041", 'it''s', E'\n\x41\101\u00e9\U0001F600\uD83D\uDE00', $$dollar$$, $t$ $x$ $t$, B'01', x'fF', N'n', u&'\00e9'
 -- line
 /* block /* nested */ */ 1, 1.5, .5, 1e-5, 0x1F, 0b11, 1_000, $1, ?, :name, a::int, b := 2, c ?| d, e ?& f, g @? h, i - -1 <> != @> [1:2] {x} \ ;