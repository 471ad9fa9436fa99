<?php

namespace App\Support;

use App\Models\Setting;

class Money
{
    /** 123456 becomes "EUR 1234.56", in the currency that the shop's owner has set. */
    public static function format(int $cents): string
    {
        return sprintf('%s %d.%02d', Setting::get('currency'), intdiv($cents, 100), $cents % 100);
    }
}
