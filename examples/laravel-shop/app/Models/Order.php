<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Model;

class Order extends Model
{
    protected $fillable = ['number', 'status', 'total_cents', 'item_count'];

    public function items()
    {
        return $this->hasMany(Item::class);
    }

    public function payment()
    {
        return $this->hasOne(Payment::class);
    }
}
