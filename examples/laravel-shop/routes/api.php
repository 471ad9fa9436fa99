<?php

use App\Http\Controllers\LoginController;
use App\Http\Controllers\OrderController;
use App\Http\Controllers\PaymentController;
use App\Http\Controllers\ProfileController;
use Illuminate\Support\Facades\Route;

Route::post('login', [LoginController::class, 'store']);

Route::middleware('auth:api')->group(function () {
    Route::get('me', [ProfileController::class, 'show']);
    Route::get('orders', [OrderController::class, 'index']);
    Route::get('orders/{id}', [OrderController::class, 'show'])->whereNumber('id');
    Route::post('orders', [OrderController::class, 'store']);
    Route::post('orders/{id}/pay', [PaymentController::class, 'store'])->whereNumber('id');
});
