<?php

return [
    // Orders on one page of the list.
    'page_size' => (int) env('SHOP_PAGE_SIZE', 20),

    // A frozen clock and a seed for references make replies repeatable; production sets neither.
    'now' => env('SHOP_NOW'),
    'seed' => env('SHOP_SEED'),
];
