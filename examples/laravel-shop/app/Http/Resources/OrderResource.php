<?php

namespace App\Http\Resources;

use Illuminate\Http\Resources\Json\JsonResource;

/** One order, as its own page shows it. */
class OrderResource extends JsonResource
{
    public function toArray($request)
    {
        return [
            'id' => $this->id,
            'number' => $this->number,
            'status' => $this->status,
            'total_cents' => $this->total_cents,
            'item_count' => $this->item_count,
            'created_at' => $this->created_at,
        ];
    }
}
