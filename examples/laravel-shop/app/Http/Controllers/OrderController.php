<?php

namespace App\Http\Controllers;

use App\Http\Resources\OrderResource;
use App\Http\Resources\OrderSummaryResource;
use App\Models\Product;
use App\Models\Setting;
use App\Support\Reference;
use Illuminate\Http\Request;
use Illuminate\Routing\Controller;
use Illuminate\Support\Facades\DB;

class OrderController extends Controller
{
    public function index(Request $request)
    {
        $orders = $request->user()->orders()->latest('id')->paginate(config('shop.page_size'));

        return OrderSummaryResource::collection($orders)->additional([
            'currency' => Setting::get('currency'),
        ]);
    }

    public function show(Request $request, int $id)
    {
        $order = $request->user()->orders()->with('payment')->findOrFail($id);

        return [
            'order' => new OrderResource($order),
            'paid_at' => optional($order->payment)->created_at,
            'currency' => Setting::get('currency'),
        ];
    }

    public function store(Request $request, Reference $reference)
    {
        $request->validate([
            'items' => 'required|array|max:20',
            'items.*.product_id' => 'required|integer|distinct',
            'items.*.quantity' => 'required|integer|between:1,100',
        ]);

        $items = collect($request->input('items'));
        $prices = Product::findOrFail($items->pluck('product_id'))->pluck('price_cents', 'id');
        $lines = $items->map(fn ($item) => $item + ['price_cents' => $prices[$item['product_id']]]);

        $order = DB::transaction(function () use ($request, $reference, $lines) {
            $user = $request->user();
            $order = $user->orders()->create([
                'number' => $reference->make('ORD', $user->id . '/' . $lines->toJson()),
                'status' => 'pending',
                'total_cents' => $lines->sum(fn ($line) => $line['price_cents'] * $line['quantity']),
                'item_count' => $lines->count(),
            ]);
            $order->items()->createMany($lines);

            return $order;
        });

        return ['order' => (new OrderResource($order))->resolve($request)];
    }
}
