<?php

namespace App\Exceptions;

use Illuminate\Foundation\Exceptions\Handler as ExceptionHandler;
use Throwable;

class Handler extends ExceptionHandler
{
    /** An API answers in JSON, whatever the client's Accept header says. */
    protected function shouldReturnJson($request, Throwable $e)
    {
        return true;
    }
}
