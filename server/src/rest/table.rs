//! The one table of endpoints: what is not in it does not exist. Router, OpenAPI document and authorisation test come from it.

use axum::routing::{MethodRouter, delete, get, post, put};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use vitrine_pricing::quote::{Document, Quote};
use vitrine_shared::views::desk::ImportView;
use vitrine_shared::views::owned::{InvoiceView, OwnedView};
use vitrine_shared::views::trade::{CartView, OrderView};
use vitrine_shared::views::{MakerView, WorkView};

use super::{api, collections, groups, promotions, shapes};
use crate::authz::{READ_COLLECTIONS, READ_GROUPS, READ_PROMOTIONS, WRITE_COLLECTIONS, WRITE_GROUPS, WRITE_PROMOTIONS};
use crate::state::App;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody; a cart is named by its token or by who is signed in.
    Cart,
    /// A signed-in person, by bearer token or session.
    Person,
    /// A signed-in person, or the bearer of an order's secret.
    Buyer,
    /// Staff, or a platform key with this scope.
    Staff(&'static str),
    /// Who sells, or a key with this scope of the seller or of the platform.
    Seller(&'static str),
}

/// Makes a type's schema.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a body holds.
#[derive(Clone, Copy)]
pub enum Content {
    /// JSON of this shape.
    Json(SchemaOf),
    /// JSON lines of the import format.
    Rows,
}

/// One parameter of the query string or one header.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Name.
    pub name: &'static str,
    /// `query` or `header`.
    pub place: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Must be there.
    pub required: bool,
}

/// One endpoint.
pub struct Endpoint {
    /// `get`, `post`, `put`, `delete`.
    pub method: &'static str,
    /// Below `/api`, with `{names}`.
    pub path: &'static str,
    /// Operation id.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Beside the path's.
    pub params: &'static [Param],
    /// What is sent.
    pub body: Option<Content>,
    /// Status and shape of a good answer.
    pub answer: (u16, SchemaOf),
    /// Statuses of problems beside those every endpoint may answer.
    pub problems: &'static [u16],
    /// Its handler.
    pub route: fn() -> MethodRouter<App>,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn query(name: &'static str, about: &'static str) -> Param {
    Param { name, place: "query", about, required: false }
}

const KEY: Param = query("key", "The secret of the order's address, for guests");
const SELLER: Param = query("seller", "Id of the seller; absent: the only one the caller acts for");
const IF_MATCH: Param =
    Param { name: "If-Match", place: "header", about: "The ETag of what the caller saw", required: true };
const CURSOR: Param = query("cursor", "`next` of the page before");

/// Every endpoint of the public interface.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint {
            method: "get",
            path: "/health",
            id: "health",
            summary: "Whether the shop answers",
            access: Access::Public,
            params: &[],
            body: None,
            answer: (200, of::<shapes::Health>),
            problems: &[],
            route: || get(api::health),
        },
        Endpoint {
            method: "get",
            path: "/public/catalog/search",
            id: "searchCatalog",
            summary: "Published works by words and facets",
            access: Access::Public,
            params: const {
                &[
                    query("q", "Words; typos are forgiven"),
                    query("type", "`album`, `book`, `video` or `podcast`; repeat it for several"),
                    query("genre", "Slug of a genre; repeat it for several"),
                    query("tag", "A tag; repeat it for several"),
                    query("format", "A format, e.g. `EPUB`; repeat it for several"),
                    query("by", "Id of a maker"),
                    query("shop", "Handle of a storefront"),
                    query("year", "Year of release"),
                    query("price", "`from-to` in minor units, either may be absent"),
                    query("sort", "`relevance`, `newest`, `title`, `price-up`, `price-down`"),
                    CURSOR,
                ]
            },
            body: None,
            answer: (200, of::<shapes::Listing>),
            problems: &[404],
            route: || get(api::search),
        },
        Endpoint {
            method: "get",
            path: "/public/catalog/items/{id}",
            id: "getItem",
            summary: "One published work with editions and prices",
            access: Access::Public,
            params: &[Param {
                name: "If-None-Match",
                place: "header",
                about: "The ETag of a copy: 304 if it is still right",
                required: false,
            }],
            body: None,
            answer: (200, of::<WorkView>),
            problems: &[404],
            route: || get(api::item),
        },
        Endpoint {
            method: "get",
            path: "/public/artist/{slug}",
            id: "getArtist",
            summary: "An artist with their works",
            access: Access::Public,
            params: &[],
            body: None,
            answer: (200, of::<MakerView>),
            problems: &[404],
            route: || get(api::artist),
        },
        Endpoint {
            method: "post",
            path: "/pricing/quote",
            id: "quote",
            summary: "Totals with their explanation, for lines of one storefront, a buyer and a day",
            access: Access::Public,
            params: &[],
            body: Some(Content::Json(of::<Document>)),
            answer: (200, of::<Quote>),
            problems: &[404],
            route: || post(api::quote),
        },
        Endpoint {
            method: "get",
            path: "/cart",
            id: "getCart",
            summary: "The caller's cart with prices, shipping and tax",
            access: Access::Cart,
            params: &[],
            body: None,
            answer: (200, of::<CartView>),
            problems: &[],
            route: || get(api::cart).post(api::add),
        },
        Endpoint {
            method: "post",
            path: "/cart",
            id: "addToCart",
            summary: "Puts an edition into the cart; a guest's first call makes the cart and answers its token",
            access: Access::Cart,
            params: &[],
            body: Some(Content::Json(of::<shapes::AddToCart>)),
            answer: (200, of::<shapes::Carted>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "put",
            path: "/cart/{variant}",
            id: "setCartLine",
            summary: "Sets the pieces of a line; 0 takes it out",
            access: Access::Cart,
            params: &[],
            body: Some(Content::Json(of::<shapes::SetLine>)),
            answer: (200, of::<CartView>),
            problems: &[404, 409],
            route: || put(api::set),
        },
        Endpoint {
            method: "post",
            path: "/cart/codes",
            id: "addCartCode",
            summary: "Keeps a discount code with the cart; `codes` of the answer says what each takes off, or why it does not",
            access: Access::Cart,
            params: &[],
            body: Some(Content::Json(of::<shapes::CartCode>)),
            answer: (200, of::<CartView>),
            problems: &[404, 409],
            route: || post(api::add_code),
        },
        Endpoint {
            method: "delete",
            path: "/cart/codes/{code}",
            id: "dropCartCode",
            summary: "Takes a discount code out of the cart; one that is not there changes nothing",
            access: Access::Cart,
            params: &[],
            body: None,
            answer: (200, of::<CartView>),
            problems: &[404, 409],
            route: || delete(api::drop_code),
        },
        Endpoint {
            method: "get",
            path: "/promotions",
            id: "listPromotions",
            summary: "A seller's promotions, fifty at a time",
            access: Access::Seller(READ_PROMOTIONS),
            params: const { &[SELLER, CURSOR] },
            body: None,
            answer: (200, of::<promotions::PromotionList>),
            problems: &[404],
            route: || get(promotions::list).post(promotions::make),
        },
        Endpoint {
            method: "post",
            path: "/promotions",
            id: "createPromotion",
            summary: "Makes a promotion",
            access: Access::Seller(WRITE_PROMOTIONS),
            params: const {
                &[
                    SELLER,
                    Param {
                        name: "Idempotency-Key",
                        place: "header",
                        about: "Names the attempt, 16 to 64 of `A-Z a-z 0-9 - _`: the same one twice makes one promotion",
                        required: true,
                    },
                ]
            },
            body: Some(Content::Json(of::<promotions::PromotionBody>)),
            answer: (201, of::<promotions::PromotionAnswer>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "get",
            path: "/promotions/{id}",
            id: "getPromotion",
            summary: "One promotion; its ETag is wanted to change it",
            access: Access::Seller(READ_PROMOTIONS),
            params: const { &[SELLER] },
            body: None,
            answer: (200, of::<promotions::PromotionAnswer>),
            problems: &[404],
            route: || get(promotions::get).put(promotions::replace),
        },
        Endpoint {
            method: "put",
            path: "/promotions/{id}",
            id: "replacePromotion",
            summary: "Puts a promotion in place of what was there; orders keep what they were sold with",
            access: Access::Seller(WRITE_PROMOTIONS),
            params: const { &[SELLER, IF_MATCH] },
            body: Some(Content::Json(of::<promotions::PromotionBody>)),
            answer: (200, of::<promotions::PromotionAnswer>),
            problems: &[404, 412, 428],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "post",
            path: "/promotions/{id}/end",
            id: "endPromotion",
            summary: "Ends a promotion: yesterday was its last day; one that has ended stays as it is",
            access: Access::Seller(WRITE_PROMOTIONS),
            params: const { &[SELLER, IF_MATCH] },
            body: None,
            answer: (200, of::<promotions::PromotionAnswer>),
            problems: &[404, 412, 428],
            route: || post(promotions::end),
        },
        Endpoint {
            method: "get",
            path: "/groups",
            id: "listGroups",
            summary: "A seller's groups of customers",
            access: Access::Seller(READ_GROUPS),
            params: const { &[SELLER] },
            body: None,
            answer: (200, of::<groups::GroupList>),
            problems: &[404],
            route: || get(groups::list).post(groups::make),
        },
        Endpoint {
            method: "post",
            path: "/groups",
            id: "createGroup",
            summary: "Makes a group without members",
            access: Access::Seller(WRITE_GROUPS),
            params: const {
                &[
                    SELLER,
                    Param {
                        name: "Idempotency-Key",
                        place: "header",
                        about: "Names the attempt, 16 to 64 of `A-Z a-z 0-9 - _`: the same one twice makes one group",
                        required: true,
                    },
                ]
            },
            body: Some(Content::Json(of::<groups::GroupBody>)),
            answer: (201, of::<groups::GroupAnswer>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "get",
            path: "/groups/{name}",
            id: "getGroup",
            summary: "One group; its ETag is wanted to change it",
            access: Access::Seller(READ_GROUPS),
            params: const { &[SELLER] },
            body: None,
            answer: (200, of::<groups::GroupAnswer>),
            problems: &[404],
            route: || get(groups::get).put(groups::replace).delete(groups::end),
        },
        Endpoint {
            method: "put",
            path: "/groups/{name}",
            id: "replaceGroup",
            summary: "Calls a group otherwise; its short name and members stay",
            access: Access::Seller(WRITE_GROUPS),
            params: const { &[SELLER, IF_MATCH] },
            body: Some(Content::Json(of::<groups::GroupChange>)),
            answer: (200, of::<groups::GroupAnswer>),
            problems: &[404, 412, 428],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "delete",
            path: "/groups/{name}",
            id: "endGroup",
            summary: "Ends a group without members; promotions for it are for nobody from then on",
            access: Access::Seller(WRITE_GROUPS),
            params: const { &[SELLER, IF_MATCH] },
            body: None,
            answer: (200, of::<groups::GroupAnswer>),
            problems: &[404, 409, 412, 428],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "get",
            path: "/groups/{name}/members",
            id: "listGroupMembers",
            summary: "A group's members, a hundred at a time",
            access: Access::Seller(READ_GROUPS),
            params: const { &[SELLER, CURSOR] },
            body: None,
            answer: (200, of::<groups::GroupMembers>),
            problems: &[404],
            route: || get(groups::members).post(groups::put_in),
        },
        Endpoint {
            method: "post",
            path: "/groups/{name}/members",
            id: "addGroupMembers",
            summary: "Puts addresses into a group; those in it already change nothing, and of a list with a fault nothing is taken",
            access: Access::Seller(WRITE_GROUPS),
            params: const { &[SELLER] },
            body: Some(Content::Json(of::<groups::GroupAddresses>)),
            answer: (200, of::<groups::GroupMoved>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "post",
            path: "/groups/{name}/members/remove",
            id: "removeGroupMembers",
            summary: "Takes addresses out of a group; those not in it change nothing",
            access: Access::Seller(WRITE_GROUPS),
            params: const { &[SELLER] },
            body: Some(Content::Json(of::<groups::GroupAddresses>)),
            answer: (200, of::<groups::GroupMoved>),
            problems: &[404, 409],
            route: || post(groups::take_out),
        },
        Endpoint {
            method: "get",
            path: "/collections",
            id: "listCollections",
            summary: "A seller's collections of works",
            access: Access::Seller(READ_COLLECTIONS),
            params: const { &[SELLER] },
            body: None,
            answer: (200, of::<collections::CollectionList>),
            problems: &[404],
            route: || get(collections::list).post(collections::make),
        },
        Endpoint {
            method: "post",
            path: "/collections",
            id: "createCollection",
            summary: "Makes a collection without works",
            access: Access::Seller(WRITE_COLLECTIONS),
            params: const {
                &[
                    SELLER,
                    Param {
                        name: "Idempotency-Key",
                        place: "header",
                        about: "Names the attempt, 16 to 64 of `A-Z a-z 0-9 - _`: the same one twice makes one collection",
                        required: true,
                    },
                ]
            },
            body: Some(Content::Json(of::<collections::CollectionBody>)),
            answer: (201, of::<collections::CollectionAnswer>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "get",
            path: "/collections/{name}",
            id: "getCollection",
            summary: "One collection; its ETag is wanted to change it",
            access: Access::Seller(READ_COLLECTIONS),
            params: const { &[SELLER] },
            body: None,
            answer: (200, of::<collections::CollectionAnswer>),
            problems: &[404],
            route: || get(collections::get).put(collections::replace).delete(collections::end),
        },
        Endpoint {
            method: "put",
            path: "/collections/{name}",
            id: "replaceCollection",
            summary: "Calls a collection otherwise; its short name and works stay",
            access: Access::Seller(WRITE_COLLECTIONS),
            params: const { &[SELLER, IF_MATCH] },
            body: Some(Content::Json(of::<collections::CollectionChange>)),
            answer: (200, of::<collections::CollectionAnswer>),
            problems: &[404, 412, 428],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "delete",
            path: "/collections/{name}",
            id: "endCollection",
            summary: "Ends a collection that no promotion names which has not ended; its works stay",
            access: Access::Seller(WRITE_COLLECTIONS),
            params: const { &[SELLER, IF_MATCH] },
            body: None,
            answer: (200, of::<collections::CollectionAnswer>),
            problems: &[404, 409, 412, 428],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "get",
            path: "/collections/{name}/works",
            id: "listCollectionWorks",
            summary: "A collection's works, a hundred at a time",
            access: Access::Seller(READ_COLLECTIONS),
            params: const { &[SELLER, CURSOR] },
            body: None,
            answer: (200, of::<collections::CollectionWorks>),
            problems: &[404],
            route: || get(collections::works).post(collections::put_in),
        },
        Endpoint {
            method: "post",
            path: "/collections/{name}/works",
            id: "addCollectionWorks",
            summary: "Puts works into a collection; those in it already change nothing, and of a list with a fault nothing is taken",
            access: Access::Seller(WRITE_COLLECTIONS),
            params: const { &[SELLER] },
            body: Some(Content::Json(of::<collections::CollectionItems>)),
            answer: (200, of::<collections::CollectionMoved>),
            problems: &[404, 409],
            route: MethodRouter::new,
        },
        Endpoint {
            method: "post",
            path: "/collections/{name}/works/remove",
            id: "removeCollectionWorks",
            summary: "Takes works out of a collection; those not in it change nothing",
            access: Access::Seller(WRITE_COLLECTIONS),
            params: const { &[SELLER] },
            body: Some(Content::Json(of::<collections::CollectionItems>)),
            answer: (200, of::<collections::CollectionMoved>),
            problems: &[404, 409],
            route: || post(collections::take_out),
        },
        Endpoint {
            method: "post",
            path: "/checkout/create-session",
            id: "createCheckoutSession",
            summary: "Places the cart and answers the page to pay on",
            access: Access::Cart,
            params: &[Param {
                name: "Idempotency-Key",
                place: "header",
                about: "Names the attempt, 16 to 64 of `A-Z a-z 0-9 - _`: the same one twice is placed once",
                required: true,
            }],
            body: Some(Content::Json(of::<shapes::CreateSession>)),
            answer: (200, of::<shapes::Session>),
            problems: &[404, 409, 503],
            route: || post(api::create_session),
        },
        Endpoint {
            method: "get",
            path: "/orders/{id}",
            id: "getOrder",
            summary: "How a purchase stands, by the id of the checkout or of one of its orders",
            access: Access::Buyer,
            params: &[KEY],
            body: None,
            answer: (200, of::<OrderView>),
            problems: &[404],
            route: || get(api::order),
        },
        Endpoint {
            method: "post",
            path: "/downloads/link",
            id: "createDownloadLink",
            summary: "A link to one file, or to several as one ZIP, of what was bought",
            access: Access::Buyer,
            params: &[],
            body: Some(Content::Json(of::<shapes::WantFiles>)),
            answer: (200, of::<shapes::FileLink>),
            problems: &[401, 403, 404, 409, 410, 429],
            route: || post(api::download),
        },
        Endpoint {
            method: "get",
            path: "/me/entitlements",
            id: "listEntitlements",
            summary: "What the caller owns, last bought first",
            access: Access::Person,
            params: const {
                &[
                    query("q", "Words of titles, makers and parts"),
                    query("type", "`album`, `book`, `video` or `podcast`; repeat it for several"),
                    query("sort", "`relevance` (last bought first), `newest`, `title`"),
                    CURSOR,
                ]
            },
            body: None,
            answer: (200, of::<shapes::Entitlements>),
            problems: &[401, 422],
            route: || get(api::entitlements),
        },
        Endpoint {
            method: "get",
            path: "/me/entitlements/{work}",
            id: "getEntitlement",
            summary: "One work owned, with its files",
            access: Access::Person,
            params: &[],
            body: None,
            answer: (200, of::<OwnedView>),
            problems: &[401, 404],
            route: || get(api::entitlement),
        },
        Endpoint {
            method: "get",
            path: "/me/invoices",
            id: "listInvoices",
            summary: "Invoices and credit notes, newest first",
            access: Access::Person,
            params: &[CURSOR],
            body: None,
            answer: (200, of::<shapes::Invoices>),
            problems: &[401, 422],
            route: || get(api::invoices),
        },
        Endpoint {
            method: "get",
            path: "/invoices/{id}",
            id: "getInvoice",
            summary: "One invoice or credit note",
            access: Access::Buyer,
            params: &[KEY],
            body: None,
            answer: (200, of::<InvoiceView>),
            problems: &[404],
            route: || get(api::invoice),
        },
        Endpoint {
            method: "post",
            path: "/admin/catalog/import",
            id: "importCatalog",
            summary: "Takes rows of the import format in; the report follows",
            access: Access::Staff("catalog:import"),
            params: &[],
            body: Some(Content::Rows),
            answer: (202, of::<shapes::ImportBegun>),
            problems: &[401, 403],
            route: || post(api::import),
        },
        Endpoint {
            method: "get",
            path: "/admin/catalog/import/{id}",
            id: "getImportReport",
            summary: "The report of an import, row by row; 409 while it runs",
            access: Access::Staff("catalog:import"),
            params: &[],
            body: None,
            answer: (200, of::<ImportView>),
            problems: &[401, 403, 404, 409],
            route: || get(api::import_report),
        },
    ]
}
