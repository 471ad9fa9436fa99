<?php

return [
    // Orders on one page of the list.
    'page_size' => (int) env('SHOP_PAGE_SIZE', 20),

    // Whether queries say in a comment which route asked for them: see TagQueries.
    'tag_queries' => (bool) env('SHOP_TAG_QUERIES', false),

    // A frozen clock and a seed for references make replies repeatable; production sets neither.
    'now' => env('SHOP_NOW'),
    'seed' => env('SHOP_SEED'),
];
