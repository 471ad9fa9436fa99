# SPDX-License-Identifier: Apache-2.0
# A shop on Rails' own Active Record: what it asks is what Active Record emits.
# ruby app_rails.rb HOST PORT DATABASE [ROUNDS]

require "active_record"
require "digest"

ActiveRecord::Base.establish_connection(adapter: "postgresql", host: ARGV[0], port: ARGV[1],
                                        database: ARGV[2], username: "postgres")
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define(version: 1) do
  create_table :users do |t|
    t.string :name
    t.string :email, index: { unique: true }
    t.jsonb :settings, default: {}
    t.datetime :last_seen_at
    t.integer :orders_count, default: 0
    t.timestamps
  end
  create_table :categories do |t|
    t.references :parent
    t.string :slug, index: { unique: true }
    t.boolean :visible, default: true
    t.timestamps
  end
  create_table :products do |t|
    t.references :category, foreign_key: true
    t.string :sku, index: { unique: true }
    t.string :name
    t.decimal :price, precision: 10, scale: 2
    t.integer :stock, default: 0
    t.boolean :active, default: true
    t.integer :sizes, array: true, default: []
    t.integer :lock_version, default: 0
    t.timestamps
  end
  create_table :orders do |t|
    t.references :user, foreign_key: true
    t.integer :status, default: 0, index: true
    t.decimal :total, precision: 12, scale: 2, default: 0
    t.datetime :paid_at
    t.timestamps
  end
  create_table :items do |t|
    t.references :order, foreign_key: true
    t.references :product, foreign_key: true
    t.integer :quantity
    t.decimal :price, precision: 10, scale: 2
    t.timestamps
  end
  create_table(:tags) { |t| t.string :name, index: { unique: true } }
  create_join_table :products, :tags
  create_table :comments do |t|
    t.references :commentable, polymorphic: true
    t.references :user
    t.text :body
    t.timestamps
  end
end
ActiveRecord::Base.connection.execute("select 'corpus begins'")

class User < ActiveRecord::Base
  has_many :orders
  has_many :items, through: :orders
  has_many :comments
  validates :email, uniqueness: { case_sensitive: false }
end

class Category < ActiveRecord::Base
  belongs_to :parent, class_name: "Category", optional: true
  has_many :children, class_name: "Category", foreign_key: :parent_id
  has_many :products
end

class Product < ActiveRecord::Base
  belongs_to :category
  has_many :items
  has_and_belongs_to_many :tags
  has_many :comments, as: :commentable
  scope :active, -> { where(active: true) }
  scope :cheaper, ->(than) { where("price < ?", than) }
end

class Order < ActiveRecord::Base
  belongs_to :user, counter_cache: true
  has_many :items, dependent: :destroy
  has_many :products, through: :items
  has_many :comments, as: :commentable
  enum status: %i[fresh paid sent]
end

class Item < ActiveRecord::Base
  belongs_to :order, touch: true
  belongs_to :product
end

class Tag < ActiveRecord::Base
  has_and_belongs_to_many :products
end

class Comment < ActiveRecord::Base
  belongs_to :commentable, polymorphic: true
  belongs_to :user
end

WORDS = ["blue", "it's", "tall", "café", "O'Hara", "50%", "a_b", "quick", "\\new", "\"x\""].freeze
RANDOM = Random.new(7)
NOW = Time.utc(2024, 5, 6, 7, 8, 9)

def words(count)
  Array.new(count) { WORDS[RANDOM.rand(WORDS.size)] }.join(" ")
end

def fill
  (1..12).each do |i|
    User.create!(name: words(2), email: "user#{i}@example.com",
                 settings: { theme: i.odd? ? "dark" : "light", limit: i })
  end
  (1..5).each do |i|
    Category.create!(slug: "category-#{i}", parent_id: i > 2 ? 1 : nil)
    Tag.create!(name: "tag #{i}")
  end
  (1..40).each do |i|
    Product.create!(category_id: 1 + i % 5, sku: "SKU-#{i}", name: words(3), price: i * 1.5,
                    stock: i, sizes: [i, i + 1], tags: Tag.where(id: 1..(i % 4)))
  end
end

def look(n, number, some)
  User.find_by(email: "user#{n}@example.com")
  user = User.find(n)
  user.update!(last_seen_at: NOW + number)
  User.where("settings->>'theme' = ?", "dark").or(User.where(name: nil)).count
  User.where("settings @> ?", { limit: n }.to_json).exists?
  Product.active.cheaper(n * 4).order(:price, id: :desc).limit(10).to_a
  Product.includes(:category, :tags, comments: :user).where(id: some).to_a
  Product.eager_load(:category).where(categories: { visible: true }).limit(5).offset(number).to_a
  Product.preload(:items).where(stock: n..).find_each(batch_size: 20) { |p| p }
  Product.joins(:category, items: :order).where(orders: { status: :paid }).distinct.pluck(:id)
  Product.left_outer_joins(:items).group(:id).having("count(items.id) > ?", number % 3)
         .select("products.*, coalesce(sum(items.quantity), 0) AS sold").to_a
  Product.where.not(category_id: some.first(3)).where("name ILIKE ?", "%#{words(1)}%").count
  Product.where(id: Item.where("quantity > ?", number % 3).select(:product_id)).to_a
  Product.where("EXISTS (SELECT 1 FROM items WHERE items.product_id = products.id)").limit(n).to_a
  Product.where(price: n..(n + 20), active: [true, false]).order(Arel.sql("random()")).first
  Product.where(category_id: nil).or(Product.where(stock: 0)).to_a
  Product.where("sizes && ARRAY[?]", some).to_a
  Product.where("? = ANY(sizes)", n).pluck(:id, :name)
  Product.group(:category_id).count
  Product.group(:category_id).average(:price)
  Product.sum(:stock)
  Product.maximum(:price)
  Product.where(created_at: NOW..(NOW + number * 86_400)).minimum(:price)
  Product.first
  Product.last(2)
  Product.find(some.uniq)
  Product.find_by(sku: "SKU-#{n}", active: true)
  Product.annotate("route='products#index',job='#{number % 3}'").where(active: true).to_a
  Product.from(Product.where("stock > ?", n), :products).where(active: true).count
  Product.in_batches(of: 20) { |b| b.where(stock: -1).update_all(stock: 0) }
  Category.includes(children: :products).where(parent_id: nil).to_a
  Order.joins(:user).merge(User.where(name: words(2))).exists?
  Order.where(status: number.odd? ? %i[paid] : %i[paid sent fresh]).order(created_at: :desc).limit(n).to_a
  Order.group("date_trunc('day', orders.created_at)").sum(:total)
  Order.select("orders.*, row_number() OVER (PARTITION BY user_id ORDER BY total DESC) AS place").limit(3).to_a
  Comment.includes(:commentable).order(created_at: :desc).limit(5 + number).to_a
  Product.find_by_sql(["SELECT * FROM products WHERE price > ? AND name <> ? LIMIT 3", n, words(1)])
  Product.connection.select_all("SELECT id, name FROM products WHERE id IN (#{some.join(', ')}) AND price < #{n}.5")
  user
end

def buy(user, number, some)
  order = nil
  Order.transaction do
    order = user.orders.create!
    some.first(4).each do |id|
      product = Product.lock.find(id)
      order.items.create!(product: product, quantity: 1 + id % 3, price: product.price)
      Product.where(id: id).update_all("stock = stock - 1")
    end
    Order.transaction(requires_new: true) { order.update!(total: order.items.sum("quantity * price")) }
  end
  Order.transaction do
    Order.transaction(requires_new: true) { raise ActiveRecord::Rollback }
  end
  order.reload
  order.paid! if number.odd?
  order.products.where("items.quantity > 1").to_a
  product = Product.find(some.first)
  product.update!(name: words(3), price: number * 2)
  product.increment!(:stock)
  product.tag_ids = some.map { |i| 1 + i % 4 }.uniq
  product.touch
  product.comments.create!(user: user, body: words(9))
  Comment.insert_all!(Array.new(1 + number % 5) do |i|
    { commentable_type: "Product", commentable_id: 1 + i, user_id: user.id, body: words(5),
      created_at: NOW, updated_at: NOW }
  end)
  Category.upsert_all(Array.new(1 + number % 4) do |i|
    { slug: "category-#{i}", visible: i.odd?, created_at: NOW, updated_at: NOW }
  end, unique_by: :slug)
  Category.find_or_create_by!(slug: "new-#{number}")
  Category.create_or_find_by!(slug: "new-#{number}")
  Comment.where(id: some).delete_all
  Item.where(order_id: order.id).update_all(quantity: 1 + number % 4)
  order.items.size
  order.items.any?
  order.destroy if number % 4 == 3
  User.update_counters(user.id, orders_count: number)
  User.reset_counters(user.id, :orders)
end

fill
(ARGV[3] || 14).to_i.times do |number|
  n = 1 + RANDOM.rand(12)
  some = Array.new(1 + RANDOM.rand(9)) { 1 + RANDOM.rand(40) }
  buy(look(n, number, some), number, some)
end
