<?php

namespace App\Http\Middleware;

use Closure;
use Illuminate\Support\Facades\DB;

/**
 * Says behind every query which route asked for it, and under which trace: sqlcommenter's format.
 * rawurlencode leaves nothing that could end the comment or a quote, whatever the client sent.
 */
class TagQueries
{
    public function handle($request, Closure $next)
    {
        if (config('shop.tag_queries')) {
            $tags = "/*route='".rawurlencode('/'.$request->route()->uri())
                ."',traceparent='".rawurlencode($request->header('traceparent', ''))."'*/";
            DB::connection()->beforeExecuting(function (&$query) use ($tags) {
                $query .= $tags;
            });
        }

        return $next($request);
    }
}
