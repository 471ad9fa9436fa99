<?php

// Debian ships the framework as packages with their own class maps, so there is no vendor/ folder:
// this file is all that Composer would have generated for the application's own classes.

require_once 'Illuminate/autoload.php';

spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) === 0) {
        require __DIR__ . '/../app/' . strtr(substr($class, 4), '\\', '/') . '.php';
    }
});
