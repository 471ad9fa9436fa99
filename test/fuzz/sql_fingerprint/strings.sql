SELECT 'it''s', E'a\'b\u00e9\uD83D\uDE00', $$do'l$$, $t$a$b$t$, U&'d\0061' 'x'
'y'