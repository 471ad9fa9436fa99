<?php

// What `php -S` runs for every request. A deploy is the file SHOP_CURRENT changing its one line, the
// folder of the release: each request reads it once, so no request ever sees half a release.

$current = getenv('SHOP_CURRENT');
$release = $current ? rtrim(file_get_contents($current)) : __DIR__;

require $release . '/public/index.php';
