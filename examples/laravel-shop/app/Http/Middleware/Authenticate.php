<?php

namespace App\Http\Middleware;

use Illuminate\Auth\Middleware\Authenticate as Middleware;

/** `Authorization: Bearer TOKEN`, looked up in users.api_token by the framework's token guard. */
class Authenticate extends Middleware
{
    protected function redirectTo($request)
    {
        return null;
    }
}
