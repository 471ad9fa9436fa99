<?php
// SPDX-License-Identifier: Apache-2.0
// The trial's application in PHP: php -S with several workers, PDO, a connection for each request
// as PHP has them. What it does and writes down: apps.py.
const MICRO = 1000;

$spec = json_decode(file_get_contents(getenv('SPEC')), true);
$tags = '';
$trace = explode('-', $_SERVER['HTTP_TRACEPARENT'] ?? '--')[1];
$done = [];

function now_us(): int
{
    return intdiv(hrtime(true), MICRO);
}

function think(): void
{
    $mean_us = 1000 * (float) getenv('THINK_MS');
    usleep((int) (-log(1 - mt_rand() / (mt_getrandmax() + 1)) * $mean_us));
}

function timed(string $name, callable $work)
{
    global $done, $pid;
    $start = now_us();
    try {
        return $work();
    } finally {
        $done[] = [$pid, $start, now_us(), 1, $name];
    }
}

function run(string $name, array $values): array
{
    global $pdo, $spec, $tags;
    return timed($name, function () use ($pdo, $spec, $tags, $name, $values) {
        $text = preg_replace('/\$\d/', '?', $spec['statements'][$name]) . $tags;
        $statement = $pdo->prepare($text);
        $statement->execute($values);
        return $statement->columnCount() > 0 ? $statement->fetchAll(PDO::FETCH_NUM) : [];
    });
}

$path = explode('/', trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/'));
$body = json_decode(file_get_contents('php://input'), true);
$who = $path[0] === 'visits' ? $body['user'] : $path[1];
$route = $_SERVER['REQUEST_METHOD'] . ($path[0] === 'visits' ? ' /visits' :
    ' /users/{id}' . (isset($path[2]) ? '/' . $path[2] : ''));
$id = is_numeric($who) ? (int) $who : (int) substr($who, 2) * 7919 % 5000 + 1;
if (getenv('MODE') === 'tags') {
    $tags = " /*traceparent='" . $_SERVER['HTTP_TRACEPARENT'] . "'*/";
}
$pdo = new PDO(
    sprintf('pgsql:host=127.0.0.1;port=%s;dbname=%s', getenv('PGPORT'), getenv('PGDATABASE')),
    'postgres', null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
preg_match('/PID: (\d+)/', $pdo->getAttribute(PDO::ATTR_SERVER_INFO), $found);
$pid = (int) $found[1];
$status = 200;
$rows = [];
try {
    $plan = $spec['routes'][$route];
    $with_transaction = $plan['transaction'] ?? false;
    if ($with_transaction) {
        timed('begin', fn() => $pdo->beginTransaction());
    }
    foreach ($plan['steps'] as $n => $step) {
        if ($n > 0) {
            think();
        }
        if ($step === 'items for each') {
            foreach ($rows as $row) {
                run('items', [$id, $row[0]]);
            }
        } else {
            $rows = run($step, [$id]);
        }
    }
    if ($with_transaction) {
        timed('commit', fn() => $pdo->commit());
    }
} catch (PDOException $e) {
    $status = 500;
}
http_response_code($status);
header('Content-Type: application/json');
echo json_encode(['rows' => count($rows)]);
file_put_contents(getenv('TRUTH'), json_encode(['trace' => $trace, 'route' => $route, 'queries' => $done]) . "\n",
    FILE_APPEND | LOCK_EX);
