<?php

return [
    'required' => 'The :attribute field is required.',
    'email' => 'The :attribute must be a valid email address.',
    'string' => 'The :attribute must be a string.',
    'array' => 'The :attribute must be an array.',
    'integer' => 'The :attribute must be an integer.',
    'distinct' => 'The :attribute field has a duplicate value.',
    'between' => ['numeric' => 'The :attribute must be between :min and :max.'],
    'max' => ['array' => 'The :attribute must not have more than :max items.'],
];
