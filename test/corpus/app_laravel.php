<?php
// SPDX-License-Identifier: Apache-2.0
// A shop on Laravel's own Eloquent and query builder: what it asks is what Laravel emits.
// php app_laravel.php HOST PORT DATABASE

require 'Illuminate/Database/autoload.php';
require 'Illuminate/Events/autoload.php';
require 'Illuminate/Pagination/autoload.php';

use Illuminate\Container\Container;
use Illuminate\Database\Capsule\Manager as DB;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\SoftDeletes;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Events\Dispatcher;

mt_srand(7);
$db = new DB();
$db->addConnection(['driver' => 'pgsql', 'host' => $argv[1], 'port' => $argv[2],
    'database' => $argv[3], 'username' => 'postgres', 'password' => '', 'charset' => 'utf8',
    'prefix' => '', 'schema' => 'public', 'sslmode' => 'disable']);
$db->setEventDispatcher(new Dispatcher(new Container()));
$db->setAsGlobal();
$db->bootEloquent();

$schema = DB::schema();
$schema->create('users', function (Blueprint $t) {
    $t->id();
    $t->string('name');
    $t->string('email')->unique();
    $t->timestamp('email_verified_at')->nullable();
    $t->string('password');
    $t->rememberToken();
    $t->jsonb('settings')->nullable();
    $t->timestamps();
    $t->softDeletes();
});
$schema->create('categories', function (Blueprint $t) {
    $t->id();
    $t->foreignId('parent_id')->nullable();
    $t->string('slug')->unique();
    $t->boolean('visible')->default(true);
    $t->timestamps();
});
$schema->create('products', function (Blueprint $t) {
    $t->id();
    $t->foreignId('category_id')->constrained();
    $t->string('sku')->unique();
    $t->string('name');
    $t->decimal('price', 10, 2);
    $t->integer('stock')->default(0);
    $t->boolean('active')->default(true);
    $t->json('attributes')->nullable();
    $t->timestamps();
});
$schema->create('orders', function (Blueprint $t) {
    $t->id();
    $t->foreignId('user_id')->constrained();
    $t->string('status')->index();
    $t->decimal('total', 12, 2)->default(0);
    $t->timestamp('paid_at')->nullable();
    $t->timestamps();
    $t->softDeletes();
});
$schema->create('items', function (Blueprint $t) {
    $t->id();
    $t->foreignId('order_id')->constrained()->onDelete('cascade');
    $t->foreignId('product_id')->constrained();
    $t->integer('quantity');
    $t->decimal('price', 10, 2);
    $t->timestamps();
});
$schema->create('tags', function (Blueprint $t) {
    $t->id();
    $t->string('name')->unique();
});
$schema->create('product_tag', function (Blueprint $t) {
    $t->foreignId('product_id');
    $t->foreignId('tag_id');
    $t->timestamp('tagged_at')->nullable();
    $t->primary(['product_id', 'tag_id']);
});
$schema->create('comments', function (Blueprint $t) {
    $t->id();
    $t->morphs('commentable');
    $t->foreignId('user_id');
    $t->text('body');
    $t->timestamps();
});
$schema->create('cache', function (Blueprint $t) {
    $t->string('key')->primary();
    $t->text('value');
    $t->integer('expiration');
});
$schema->create('sessions', function (Blueprint $t) {
    $t->string('id')->primary();
    $t->foreignId('user_id')->nullable()->index();
    $t->string('ip_address', 45)->nullable();
    $t->text('payload');
    $t->integer('last_activity')->index();
});
$schema->create('jobs', function (Blueprint $t) {
    $t->id();
    $t->string('queue')->index();
    $t->longText('payload');
    $t->unsignedTinyInteger('attempts');
    $t->unsignedInteger('reserved_at')->nullable();
    $t->unsignedInteger('available_at');
    $t->unsignedInteger('created_at');
});
DB::statement("select 'corpus begins'");

class User extends Model
{
    use SoftDeletes;
    protected $guarded = [];
    protected $casts = ['settings' => 'array', 'email_verified_at' => 'datetime'];
    public function orders() { return $this->hasMany(Order::class); }
    public function latestOrder() { return $this->hasOne(Order::class)->latestOfMany(); }
    public function items() { return $this->hasManyThrough(Item::class, Order::class); }
    public function comments() { return $this->hasMany(Comment::class); }
}
class Category extends Model
{
    protected $guarded = [];
    public function products() { return $this->hasMany(Product::class); }
    public function parent() { return $this->belongsTo(Category::class); }
    public function children() { return $this->hasMany(Category::class, 'parent_id'); }
}
class Product extends Model
{
    protected $guarded = [];
    protected $casts = ['attributes' => 'array'];
    public function category() { return $this->belongsTo(Category::class); }
    public function items() { return $this->hasMany(Item::class); }
    public function tags() { return $this->belongsToMany(Tag::class)->withPivot('tagged_at'); }
    public function comments() { return $this->morphMany(Comment::class, 'commentable'); }
    public function scopeActive($q) { return $q->where('active', true); }
    public function scopeCheaper($q, $than) { return $q->where('price', '<', $than); }
}
class Order extends Model
{
    use SoftDeletes;
    protected $guarded = [];
    public function user() { return $this->belongsTo(User::class); }
    public function items() { return $this->hasMany(Item::class); }
    public function products() { return $this->belongsToMany(Product::class, 'items'); }
    public function comments() { return $this->morphMany(Comment::class, 'commentable'); }
}
class Item extends Model
{
    protected $guarded = [];
    protected $touches = ['order'];
    public function order() { return $this->belongsTo(Order::class); }
    public function product() { return $this->belongsTo(Product::class); }
}
class Tag extends Model
{
    public $timestamps = false;
    protected $guarded = [];
    public function products() { return $this->belongsToMany(Product::class); }
}
class Comment extends Model
{
    protected $guarded = [];
    public function commentable() { return $this->morphTo(); }
    public function user() { return $this->belongsTo(User::class); }
}

function words(int $n): string
{
    $all = ["blue", "it's", "tall", "café", "O'Hara", "50%", "a_b", "quick", "\\new", "\"x\""];
    $out = [];
    for ($i = 0; $i < $n; $i++) {
        $out[] = $all[mt_rand(0, count($all) - 1)];
    }
    return implode(' ', $out);
}

foreach (range(1, 12) as $i) {
    User::create(['name' => words(2), 'email' => "user$i@example.com", 'password' => 'x',
        'settings' => ['theme' => $i % 2 ? 'dark' : 'light', 'limit' => $i]]);
}
foreach (range(1, 5) as $i) {
    Category::create(['slug' => "category-$i", 'parent_id' => $i > 2 ? 1 : null]);
}
foreach (range(1, 5) as $i) {
    DB::table('tags')->insertOrIgnore([['name' => "tag $i"], ['name' => 'tag 1']]);
}
foreach (range(1, 40) as $i) {
    Product::create(['category_id' => 1 + $i % 5, 'sku' => "SKU-$i", 'name' => words(3),
        'price' => $i * 1.5, 'stock' => $i, 'attributes' => ['colour' => 'red', 'size' => $i]]);
}

$rounds = (int) ($argv[4] ?? 14);
for ($round = 0; $round < $rounds; $round++) {
    $n = mt_rand(1, 12);
    $some = array_map(fn() => mt_rand(1, 40), range(1, mt_rand(1, 9)));

    // log in, the middleware's look-ups
    User::where('email', "user$n@example.com")->first();
    $user = User::find($n) ?? User::first();
    $user->forceFill(['remember_token' => md5((string) $n)])->save();
    User::whereNotNull('email_verified_at')->orWhere('settings->theme', 'dark')->count();
    User::whereJsonContains('settings', ['limit' => $n])->exists();
    User::withTrashed()->where('name', 'ilike', '%' . words(1) . '%')->pluck('email', 'id');
    User::onlyTrashed()->latest()->take($n)->get();

    // lists and pages
    Product::active()->cheaper($n * 4)->orderBy('price')->orderByDesc('id')->limit(10)->get();
    Product::with(['category', 'tags', 'comments.user'])->whereIn('id', $some)->get();
    Product::query()->paginate(5, ['*'], 'page', 1 + $round % 4);
    Product::query()->simplePaginate(7, ['*'], 'page', 1 + $round % 3);
    Product::withCount(['items', 'comments as reviews_count'])->find($some);
    Product::whereHas('tags', fn($q) => $q->where('name', "tag $n"))->get();
    Product::whereDoesntHave('items')->orWhereHas('category', fn($q) => $q
        ->where('visible', true)->whereNull('parent_id'))->get();
    Product::has('comments', '>=', $round)->get();
    Product::where(fn($q) => $q->where('name', 'like', words(1) . '%')->orWhere('sku', "SKU-$n"))
        ->whereBetween('price', [$n, $n + 20])->whereNotIn('category_id', array_slice($some, 0, 3))
        ->get();
    Product::selectRaw('category_id, count(*) as n, avg(price) as mean, sum(stock)')
        ->groupBy('category_id')->havingRaw('count(*) > ?', [$round % 5])->get();
    Product::where('attributes->colour', 'red')->where('attributes->size', '>', $n)->get();
    Product::whereDate('created_at', '2024-01-0' . (1 + $round % 9))->whereTime('created_at', '>', '10:00')
        ->whereYear('created_at', 2020 + $round)->value('id');
    Product::inRandomOrder()->first();
    Product::whereRaw('stock * price > ?', [$n * 10])->orWhereRaw("lower(name) = 'x$n'")->get();
    Product::whereColumn('stock', '>', 'price')->max('price');
    Product::where('stock', '>', 0)->sum('stock');
    Product::chunkById(15, fn() => true);
    foreach (Product::lazy(20) as $p) {
        break;
    }
    Category::with(['children.products' => fn($q) => $q->select('id', 'name', 'category_id')
        ->where('stock', '>', $n)])->whereNull('parent_id')->get();
    DB::table('products')->join('categories', 'categories.id', '=', 'products.category_id')
        ->leftJoin('items', fn($j) => $j->on('items.product_id', '=', 'products.id')
            ->where('items.quantity', '>', $round % 3))
        ->select('products.*', 'categories.slug as category', DB::raw('coalesce(sum(items.quantity), 0) as sold'))
        ->groupBy('products.id', 'categories.slug')->orderBy('sold', 'desc')->get();
    $first = DB::table('products')->select('id')->where('price', '<', $n);
    DB::table('products')->select('id')->where('stock', '<', $n)->union($first)->get();
    DB::table('orders')->fromSub(DB::table('orders')->select('user_id', DB::raw('max(total) as best'))
        ->groupBy('user_id'), 'tops')->where('best', '>', $n)->get();
    Order::addSelect(['last_item' => Item::select('id')->whereColumn('order_id', 'orders.id')
        ->latest()->limit(1)])->where('status', 'new')->get();

    // buy
    DB::transaction(function () use ($user, $some) {
        $order = $user->orders()->create(['status' => 'new']);
        foreach (array_slice($some, 0, 4) as $id) {
            $product = Product::lockForUpdate()->findOrFail($id);
            $order->items()->create(['product_id' => $product->id, 'quantity' => mt_rand(1, 3),
                'price' => $product->price]);
            $product->decrement('stock', 1, ['updated_at' => date('Y-m-d H:i:s')]);
        }
        DB::transaction(fn() => Order::whereKey($order->id)
            ->update(['total' => DB::raw('(select sum(quantity * price) from items where order_id = orders.id)')]));
        $order->refresh();
    });
    try {
        DB::transaction(function () {
            DB::transaction(function () {
                Order::query()->sharedLock()->first();
                throw new RuntimeException('undo');
            });
        });
    } catch (RuntimeException $e) {
    }
    $order = Order::with('items.product.category', 'user')->latest('id')->first();
    $order->fill(['status' => ['paid', 'sent', 'new'][$round % 3], 'paid_at' => date('Y-m-d H:i:s')])->save();
    $order->products()->wherePivot('quantity', '>', 1)->get();
    $user->load('latestOrder', 'items');
    $user->orders()->where('status', 'paid')->whereMonth('created_at', 1 + $round % 12)->exists();
    Order::where('created_at', '<', date('Y-m-d', 86400 * $n))->where('status', 'new')->delete();
    Order::whereIn('status', $round % 2 ? ['paid'] : ['paid', 'sent', 'new'])->orderBy('id')->cursorPaginate(4);
    Order::onlyTrashed()->where('user_id', $n)->restore();

    // many rows, upserts, pivots
    $rows = [];
    for ($i = 0; $i < mt_rand(1, 6); $i++) {
        $rows[] = ['commentable_type' => 'Product', 'commentable_id' => mt_rand(1, 40), 'user_id' => $n,
            'body' => words(8), 'created_at' => date('Y-m-d H:i:s')];
    }
    Comment::insert($rows);
    Product::upsert(array_map(fn($i) => ['sku' => "SKU-$i", 'name' => words(2), 'price' => $i,
        'category_id' => 1], array_unique($some)), ['sku'], ['price', 'name']);
    $product = Product::find($some[0]);
    $product->tags()->sync(array_unique(array_map(fn($i) => 1 + $i % 4, $some)));
    $product->tags()->attach(5, ['tagged_at' => date('Y-m-d H:i:s')]);
    $product->tags()->updateExistingPivot(5, ['tagged_at' => null]);
    $product->tags()->detach([5]);
    $product->comments()->create(['user_id' => $n, 'body' => words(12)]);
    Comment::with('commentable')->latest()->limit(5 + $round)->get();
    Category::updateOrCreate(['slug' => "category-$n"], ['visible' => (bool) ($round % 2)]);
    Category::firstOrCreate(['slug' => "new-$round"]);
    Tag::where('name', "none $round")->delete();
    Comment::destroy($some);
    $product->touch();
    Item::where('order_id', $order->id)->get()->each->update(['quantity' => 1 + $round % 4]);

    // framework tables: cache, sessions, queue, validation
    DB::table('cache')->where('key', "laravel_cache:k$n")->first();
    DB::table('cache')->upsert(['key' => "laravel_cache:k$n", 'value' => serialize([$n, words(3)]),
        'expiration' => 1700000000 + $n], 'key');
    DB::table('cache')->where('expiration', '<=', 1600000000 + $n)->delete();
    DB::table('sessions')->where('id', sha1("s$round"))->first();
    DB::table('sessions')->insert(['id' => sha1("s$round"), 'user_id' => $n, 'payload' => base64_encode(words(20)),
        'ip_address' => '127.0.0.1', 'last_activity' => 1700000000 + $round]);
    DB::table('sessions')->where('id', sha1("s$round"))->update(['payload' => base64_encode(words(9)), 'last_activity' => 1700000100]);
    DB::table('jobs')->insertGetId(['queue' => 'default', 'payload' => json_encode(['job' => "J$n"]),
        'attempts' => 0, 'available_at' => 1, 'created_at' => 1]);
    DB::transaction(function () use ($n) {
        $job = DB::table('jobs')->lock('FOR UPDATE SKIP LOCKED')->where('queue', 'default')
            ->where(fn($q) => $q->where(fn($q) => $q->whereNull('reserved_at')->where('available_at', '<=', 1700000000 + $n))
                ->orWhere(fn($q) => $q->where('reserved_at', '<=', 1600000000 + $n)))
            ->orderBy('id', 'asc')->first();
        DB::table('jobs')->where('id', $job->id)->update(['reserved_at' => 1700000000, 'attempts' => 1]);
        DB::table('jobs')->where('id', $job->id)->delete();
    });
    DB::table('users')->where('email', "user$n@example.com")->where('id', '<>', $n)->count();
    DB::select('select date_trunc(\'day\', created_at) as day, count(*) from orders where created_at > ? group by 1 order by 1', [date('Y-m-d')]);
    DB::connection()->getPdo()->query("select id, name from users where email like 'user$n%' and id in ("
        . implode(', ', $some) . ") limit $n");
}
