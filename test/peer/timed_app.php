<?php
// SPDX-License-Identifier: Apache-2.0
// An application for test_server_timing.py: php -S with PDO, which puts the traceparent it was given
// behind its statements, as README.md shows it for Laravel.
parse_str(parse_url($_SERVER['REQUEST_URI'], PHP_URL_QUERY) ?? '', $asked);
$tag = ($asked['tags'] ?? '1') === '1' ? " /*traceparent='" . $_SERVER['HTTP_TRACEPARENT'] . "'*/" : '';
$count = (int) ($asked['queries'] ?? 0);
$pdo = new PDO(sprintf('pgsql:host=127.0.0.1;port=%s;dbname=postgres', getenv('PGPORT')), 'postgres',
    null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_SILENT, PDO::ATTR_PERSISTENT => isset($asked['keep'])]);

function run(int $n): void
{
    global $pdo, $tag;
    if ($n % 2 === 0) {
        $pdo->query("SELECT pg_sleep(0.002), $n" . $tag);
    } else {
        $statement = $pdo->prepare('SELECT pg_sleep(0.002), ?::int' . $tag);
        $statement->execute([$n]);
    }
}

$pdo->query('SELECT 1'); // untagged: not counted
for ($n = 0; $n < $count; $n++) {
    run($n);
}
if (isset($asked['wrong'])) {
    $pdo->query('SELECT 1/0' . $tag);
}
header('Content-Type: application/json');
if (isset($asked['own'])) {
    header('Server-Timing: app;dur=7;desc="own"');
}
if (isset($asked['later'])) {
    echo str_repeat(' ', 10000); // the head goes
    flush();
    for ($n = 0; $n < $asked['later']; $n++) {
        run($n);
    }
}
echo json_encode(['queries' => $count]);
