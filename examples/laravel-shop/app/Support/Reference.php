<?php

namespace App\Support;

/** Makes the references printed on orders and payments: random, or repeatable when given a seed. */
class Reference
{
    private ?string $seed;

    public function __construct(?string $seed)
    {
        $this->seed = $seed;
    }

    /** $about is what the reference is for; with a seed, the same $about gives the same reference. */
    public function make(string $prefix, string $about): string
    {
        $bytes = $this->seed === null
            ? random_bytes(8)
            : substr(hash('sha256', $this->seed . '/' . $prefix . '/' . $about, true), 0, 8);

        return $prefix . '-' . strtoupper(bin2hex($bytes));
    }
}
