<?php

namespace App\Models;

use Illuminate\Foundation\Auth\User as Authenticatable;

class User extends Authenticatable
{
    protected $hidden = ['password', 'api_token'];

    protected $casts = ['last_login_at' => 'datetime'];

    public function orders()
    {
        return $this->hasMany(Order::class);
    }
}
