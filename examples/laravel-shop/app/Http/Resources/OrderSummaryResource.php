<?php

namespace App\Http\Resources;

use Illuminate\Http\Resources\Json\JsonResource;

/** One order, as a line of the list. */
class OrderSummaryResource extends JsonResource
{
    public function toArray($request)
    {
        return [
            'id' => $this->id,
            'number' => $this->number,
            'status' => $this->status,
            'total_cents' => $this->total_cents,
            'item_count' => $this->item_count,
        ];
    }
}
