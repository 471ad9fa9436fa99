<?php
// SPDX-License-Identifier: Apache-2.0
// A generated application in PHP with PDO, one connection a request, behind php -S.
// Environment: SPEC, VERSION_FILE, DATABASE_PORT, DATABASE.
$spec = json_decode(file_get_contents(getenv('SPEC')), true);
$pdo = new PDO(
    sprintf('pgsql:host=127.0.0.1;port=%s;dbname=%s', getenv('DATABASE_PORT'), getenv('DATABASE')),
    'postgres',
    null,
    [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
     PDO::ATTR_EMULATE_PREPARES => $spec['prepared'] === 'no']
);

function run(string $name, array $values): array
{
    global $pdo, $spec;
    $statement = $pdo->prepare(str_replace('%s', '?', $spec['queries'][$name]));
    $statement->execute($values);
    return $statement->columnCount() > 0 ? $statement->fetchAll(PDO::FETCH_NUM) : [];
}

function answer(int $status, $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body);
    exit;
}

$token = preg_replace('/^Bearer /', '', $_SERVER['HTTP_AUTHORIZATION'] ?? '');
$owners = run('authenticate', [$token]);
if (!$owners) {
    answer(401, ['error' => 'unknown token']);
}
$owner = $owners[0][0];
$parts = explode('/', trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/'));
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    run('rename', ['renamed', $parts[1]]);
    answer(200, ['renamed' => $parts[1]]);
}
$route = count($parts) > 1 ? 'detail' : 'list';
$listed = run($route, [$parts[1] ?? $owner]);
$more = [];
$faulty = trim(file_get_contents(getenv('VERSION_FILE'))) === '2' && $route === $spec['faulty_route'];
foreach ($faulty ? $spec['steps'] : [] as $step) {
    if ($step['values'] === 'each-listed' || $step['values'] === 'first-listed') {
        $rows = $step['values'] === 'each-listed' ? $listed : array_slice($listed, 0, 1);
        foreach ($rows as $row) {
            $more[] = count(run($step['query'], [$row[0]]));
        }
    } elseif ($step['values'] === 'owner') {
        $more[] = run($step['query'], [$owner]);
    } else {
        for ($i = 0; $i < $step['times']; $i++) {
            $more[] = run($step['query'], [$step['constant']]);
        }
    }
}
answer(200, ['listed' => $listed, 'more' => $more]);
