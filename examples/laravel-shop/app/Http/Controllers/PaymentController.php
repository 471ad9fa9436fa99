<?php

namespace App\Http\Controllers;

use App\Support\Reference;
use Illuminate\Http\Request;
use Illuminate\Routing\Controller;
use Illuminate\Support\Facades\DB;

class PaymentController extends Controller
{
    /** Paying twice is answered like paying once: a client that timed out may simply try again. */
    public function store(Request $request, Reference $reference, int $id)
    {
        $request->validate(['card' => 'required|string']);

        $payment = DB::transaction(function () use ($request, $reference, $id) {
            $order = $request->user()->orders()->lockForUpdate()->findOrFail($id);

            if ($order->payment) {
                return $order->payment;
            }

            $order->update(['status' => 'paid']);

            return $order->payment()->create([
                'reference' => $reference->make('PAY', (string) $order->id),
                'amount_cents' => $order->total_cents,
            ]);
        });

        return ['reference' => $payment->reference, 'amount_cents' => $payment->amount_cents];
    }
}
