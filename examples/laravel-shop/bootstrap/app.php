<?php

$app = new Illuminate\Foundation\Application(dirname(__DIR__));

// A release is read-only once it is deployed; what the application writes lives beside it.
if ($storage = getenv('SHOP_STORAGE')) {
    $app->useStoragePath($storage);
}

$app->singleton(Illuminate\Contracts\Http\Kernel::class, App\Http\Kernel::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, App\Console\Kernel::class);
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, App\Exceptions\Handler::class);

return $app;
