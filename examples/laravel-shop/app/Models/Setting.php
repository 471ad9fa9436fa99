<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Model;

/** What the shop's owner changes without a deploy: currency, shipping threshold, terms. */
class Setting extends Model
{
    public static function get(string $key): ?string
    {
        return static::where('key', $key)->value('value');
    }
}
