<?php
// SPDX-License-Identifier: Apache-2.0
// A session of PHP's PDO that knows the answers: client.php HOST PORT SEED. What it says: client.py.

[, $host, $port, $seed] = $argv;
mt_srand((int) $seed);
$stopping = false;
pcntl_async_signals(true);
pcntl_signal(SIGTERM, function () use (&$stopping) { $stopping = true; });

class Wrong extends Exception {}

function say(string $what, string $text): void
{
    fwrite(STDOUT, "$what 0 " . substr(str_replace("\n", ' ', $text), 0, 400) . "\n");
}

function expect(string $what, $got, $wanted): void
{
    if ($got !== $wanted) {
        throw new Wrong($what . ': ' . substr(json_encode($got), 0, 150) . ' instead of '
            . substr(json_encode($wanted), 0, 150));
    }
}

function connect(string $host, int $port): PDO
{
    return new PDO("pgsql:host=$host;port=$port;dbname=postgres;sslmode=disable", 'postgres', '', [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_EMULATE_PREPARES => mt_rand(0, 1) === 1,
        PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_NUM,
    ]);
}

function ask(PDO $pdo, string $sql, array $values): array
{
    $statement = $pdo->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll();
}

function question(PDO $pdo, string $mark): void
{
    $n = mt_rand(0, 300);
    switch (mt_rand(0, 4)) {
        case 0:
            expect('a sum', ask($pdo, 'select ?::int + 7, ?::text', [$n, $mark]), [[$n + 7, $mark]]);
            break;
        case 1:
            $wanted = [];
            for ($g = 1; $g <= $n; $g++) {
                $wanted[] = [$g, md5($mark . $g)];
            }
            $sql = 'select g, md5(?::text || g) from generate_series(1, ?::int) g';
            expect('rows', ask($pdo, $sql, [$mark, $n]), $wanted);
            break;
        case 2:
            $wide = ask($pdo, 'select repeat(?::text, ?::int)', [$mark, $n * 30]);
            expect('a wide row', $wide, [[str_repeat($mark, $n * 30)]]);
            break;
        case 3:
            try {
                ask($pdo, 'select 1 / ?::int, ?::text', [0, $mark]);
            } catch (PDOException $e) {
                if ($e->getCode() !== '22012') {
                    throw $e;
                }
                break;
            }
            throw new Wrong('no error 22012');
        default:
            $pdo->beginTransaction();
            ask($pdo, 'insert into kept values (?, ?)', [$mark, $n]);
            $kept = ask($pdo, 'select n from kept where mark = ?', [$mark]);
            expect('what was inserted', $kept, [[$n]]);
            $pdo->rollBack();
    }
}

$count = 0;
$said = 0.0;
$pdo = null;
while (!$stopping) {
    $mark = getmypid() . '.' . $count;
    try {
        $pdo ??= connect($host, (int) $port);
        question($pdo, $mark);
        $count++;
        if (microtime(true) - $said > 1) {
            $said = microtime(true);
            say('done', (string) $count);
        }
        // As a request of PHP does: connect, ask, and forget.
        if (mt_rand(0, 9) === 0) {
            $pdo = null;
        }
    } catch (Wrong $wrong) {
        say('wrong', $wrong->getMessage());
        exit(1);
    } catch (PDOException $e) {
        // Where a connection has ended PDO says HY000, 7 (PGRES_FATAL_ERROR) when it was being made,
        // and 0 to a BEGIN: it takes the state of a dead one for a transaction.
        $ends = in_array((string) $e->getCode(), ['HY000', '7', '0', '57P01', '57P02', '57P03', '08006'], true);
        say($ends ? 'lost' : 'wrong', $e->getCode() . ' ' . $e->getMessage());
        if (!$ends) {
            exit(1);
        }
        $pdo = null;
    }
    usleep(mt_rand(0, 500000));
}
