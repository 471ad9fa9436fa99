<?php

namespace App\Providers;

use App\Support\Reference;
use Carbon\Carbon;
use Carbon\CarbonImmutable;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register()
    {
        $this->app->singleton(Reference::class, function () {
            return new Reference(config('shop.seed'));
        });
    }

    public function boot()
    {
        // A frozen clock, so that two runs over the same data answer the same bytes.
        if ($now = config('shop.now')) {
            Carbon::setTestNow($now);
            CarbonImmutable::setTestNow($now);
        }
    }
}
