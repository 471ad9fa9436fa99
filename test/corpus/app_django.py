#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A shop on Django's own ORM, sessions and auth: what it asks is what Django emits.

app_django.py HOST PORT DATABASE [ROUNDS]"""
import random
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType

import django
from django.conf import settings

sys.modules["shop"] = ModuleType("shop")  # the application that the models belong to
sys.modules["shop"].__path__ = [__file__]
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                    "django.contrib.postgres", "shop"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": sys.argv[1],
                           "PORT": sys.argv[2], "NAME": sys.argv[3], "USER": "postgres"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, SECRET_KEY="corpus",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache",
                        "LOCATION": "cache"}})
django.setup()

from django.contrib.auth import authenticate, get_user_model  # noqa: E402
from django.contrib.auth.models import Group, Permission  # noqa: E402
from django.contrib.postgres.aggregates import ArrayAgg, StringAgg  # noqa: E402
from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.contrib.postgres.search import SearchQuery, SearchVector  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.paginator import Paginator  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import (Avg, Case, Count, Exists, F, Max, Min, OuterRef, Prefetch,  # noqa: E402
                              Q, Subquery, Sum, Value, When, Window)
from django.db.models.functions import (Coalesce, Concat, ExtractYear, Lower, Rank,  # noqa: E402
                                        TruncDay, TruncMonth)


class Category(models.Model):
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    slug = models.SlugField(unique=True)
    visible = models.BooleanField(default=True)

    class Meta:
        app_label = "shop"


class Tag(models.Model):
    name = models.CharField(max_length=50, unique=True)

    class Meta:
        app_label = "shop"


class Product(models.Model):
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    stock = models.IntegerField(default=0)
    active = models.BooleanField(default=True)
    attributes = models.JSONField(default=dict)
    sizes = ArrayField(models.IntegerField(), default=list)
    created = models.DateTimeField(auto_now_add=True)
    tags = models.ManyToManyField(Tag)

    class Meta:
        app_label = "shop"
        ordering = ["name", "id"]


class Order(models.Model):
    user = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="orders")
    status = models.CharField(max_length=20, db_index=True)
    total = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    placed = models.DateTimeField()
    paid = models.DateTimeField(null=True)

    class Meta:
        app_label = "shop"


class Item(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    quantity = models.IntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label = "shop"


WORDS = ["blue", "it's", "tall", "café", "O'Hara", "50%", "a_b", "quick", "\\new", '"x"']
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
User = get_user_model()


def words(count):
    return " ".join(random.choice(WORDS) for _ in range(count))


def fill():
    for name in ("staff", "editors"):
        group = Group.objects.create(name=name)
        group.permissions.set(Permission.objects.all()[:4])
    for i in range(1, 13):
        user = User.objects.create_user(f"user{i}", f"user{i}@example.com", "secret",
                                        first_name=words(1))
        user.groups.add(1 + i % 2)
    for i in range(1, 6):
        Category.objects.create(slug=f"category-{i}", parent_id=1 if i > 2 else None)
        Tag.objects.create(name=f"tag {i}")
    for i in range(1, 41):
        product = Product.objects.create(
            category_id=1 + i % 5, sku=f"SKU-{i}", name=words(3), price=Decimal(i) * 3 / 2,
            stock=i, attributes={"colour": "red", "size": i}, sizes=[i, i + 1])
        product.tags.add(*[1 + k for k in range(i % 4)])


def log_in(n):
    authenticate(username=f"user{n}", password="secret")
    session = SessionStore()
    session["_auth_user_id"] = str(n)
    session.save()
    SessionStore(session_key=session.session_key).load()
    session["cart"] = [n]
    session.save()
    user = User.objects.get(pk=n)
    user.has_perm("shop.view_product")
    user.last_login = NOW + timedelta(minutes=n)
    user.save(update_fields=["last_login"])
    User.objects.filter(email__iexact=f"User{n}@example.com").exists()
    return user


def look(n, number, some):
    list(Product.objects.filter(active=True, price__lt=n * 4).order_by("price", "-pk")[:10])
    list(Product.objects.select_related("category", "category__parent").filter(pk__in=some))
    list(Product.objects.prefetch_related("tags", "item_set__order__user").filter(
        stock__gte=n)[:number + 1])
    Product.objects.filter(Q(name__icontains=words(1)) | Q(sku=f"SKU-{n}")).exclude(
        category_id__in=some[:3]).count()
    page = Paginator(Product.objects.filter(category__visible=True), 7).page(1 + number % 3)
    list(page.object_list)
    list(Product.objects.values("category__slug").annotate(
        n=Count("pk"), mean=Avg("price"), top=Max("price")).filter(n__gt=number % 4))
    list(Category.objects.annotate(sold=Coalesce(Sum("product__item__quantity"), 0)).order_by(
        "-sold"))
    list(Product.objects.annotate(
        reordered=Exists(Item.objects.filter(product=OuterRef("pk"), quantity__gt=number % 3)),
        last=Subquery(Item.objects.filter(product=OuterRef("pk")).order_by("-id").values("price")[:1]))
        .filter(reordered=bool(number % 2)))
    list(Product.objects.filter(attributes__colour="red", attributes__size__gt=n))
    list(Product.objects.filter(attributes__has_key="size", sizes__contains=[n]))
    list(Product.objects.filter(sizes__overlap=some).only("id", "name"))
    list(Product.objects.filter(tags__name__in=[f"tag {k}" for k in range(1, 2 + number % 4)]).distinct())
    list(Product.objects.filter(created__date=date(2024, 1, 1 + number)).values_list("pk", flat=True))
    list(Product.objects.filter(created__year=2020 + number, created__month__gte=1 + number % 12))
    list(Order.objects.annotate(day=TruncDay("placed")).values("day").annotate(n=Count("id")))
    list(Order.objects.annotate(month=TruncMonth("placed"), y=ExtractYear("placed")).values(
        "month", "y").annotate(sum=Sum("total"), least=Min("total")).order_by("month"))
    list(Product.objects.annotate(place=Window(Rank(), partition_by=[F("category_id")],
                                               order_by=F("price").desc()))[:number + 1])
    list(Product.objects.annotate(label=Case(
        When(stock=0, then=Value("none")), When(stock__lt=n, then=Value("few")),
        default=Value("many"), output_field=models.CharField())).values("label")[:5])
    list(Product.objects.annotate(v=SearchVector("name", "sku")).filter(v=SearchQuery(words(1).strip("%\\\"'") or "x")))
    list(Product.objects.annotate(full=Concat("name", Value(" "), "sku"), low=Lower("name")).filter(
        low__startswith="b").values("full"))
    list(Category.objects.annotate(names=ArrayAgg("product__name"),
                                   skus=StringAgg("product__sku", ", ")).filter(pk=n % 5 + 1))
    list(Product.objects.filter(price__range=(n, n + 20)).union(Product.objects.filter(stock__lt=n)))
    list(Product.objects.filter(category__in=Category.objects.filter(slug__startswith="category")).order_by("?")[:3])
    list(Product.objects.defer("attributes").filter(price__isnull=False, stock=F("price") + n))
    list(Product.objects.raw("SELECT id, name FROM shop_product WHERE price > %s LIMIT 3", [n]))
    list(Product.objects.filter(name__regex=r"^b" + "." * number))
    Product.objects.in_bulk(some)
    Product.objects.aggregate(Sum("stock"), Avg("price"))
    Product.objects.first()
    Product.objects.latest("created")
    for _ in Product.objects.filter(stock__gt=n).iterator(chunk_size=5):
        break
    list(Category.objects.prefetch_related(Prefetch("children", Category.objects.filter(visible=True)))
         .filter(parent=None))


def buy(user, number, some):
    with transaction.atomic():
        order = Order.objects.create(user=user, status="new", placed=NOW + timedelta(days=number))
        for pk in some[:4]:
            product = Product.objects.select_for_update().get(pk=pk)
            Item.objects.create(order=order, product=product, quantity=1 + pk % 3, price=product.price)
            Product.objects.filter(pk=pk).update(stock=F("stock") - 1)
        with transaction.atomic():
            order.total = order.items.aggregate(t=Sum(F("quantity") * F("price")))["t"] or 0
            order.save()
    try:
        with transaction.atomic():
            with transaction.atomic():
                raise ValueError
    except ValueError:
        pass
    order.refresh_from_db()
    Order.objects.filter(status="new", placed__lt=NOW - timedelta(days=number)).delete()
    Item.objects.bulk_create([Item(order=order, product_id=pk, quantity=1, price=2) for pk in some])
    for product in (objects := list(Product.objects.filter(pk__in=some[:3]))):
        product.stock += 1
    Product.objects.bulk_update(objects, ["stock"])
    Category.objects.update_or_create(slug=f"category-{number}", defaults={"visible": bool(number % 2)})
    Category.objects.get_or_create(slug=f"new-{number}")
    Tag.objects.bulk_create([Tag(name=f"t{number}-{k}") for k in range(number % 3 + 1)], ignore_conflicts=True)
    product = Product.objects.get(pk=some[0])
    product.tags.set([1 + k % 4 for k in some])
    product.tags.remove(1, 2)
    product.tags.clear()
    Tag.objects.filter(name__startswith=f"t{number}").delete()
    Order.objects.filter(pk=order.pk).update(
        status=("paid", "sent", "new")[number % 3], paid=NOW + timedelta(hours=number))
    if number % 4 == 3:
        order.delete()
    cache.set(f"k{number}", words(4), 60 + number)
    cache.get(f"k{number}")
    cache.get_many([f"k{k}" for k in range(number % 5 + 1)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shop_order WHERE status = %s AND total > %s AND id = ANY(%s)",
                       ["paid", number * 1.5, some])


def main():
    random.seed(7)
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 14
    call_command("migrate", verbosity=0, run_syncdb=False)
    call_command("createcachetable", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Category, Tag, Product, Order, Item):
            editor.create_model(model)
    with connection.cursor() as cursor:
        cursor.execute("select 'corpus begins'")
    fill()
    for number in range(rounds):
        n = random.randint(1, 12)
        some = [random.randint(1, 40) for _ in range(random.randint(1, 9))]
        user = log_in(n)
        look(n, number, some)
        buy(user, number, some)


if __name__ == "__main__":
    main()
