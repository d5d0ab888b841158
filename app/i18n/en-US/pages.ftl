home-title = Music, books and films from those who made them
home-lead = Music, books, films and podcasts, sold by those who made them. Listen, look inside, keep the files.
home-new = New
home-all-new = All new works
home-all = See all
home-genres = Genres
home-shops = Shops
home-go-on = Go on where you were
home-go-on-note = Kept on this device only.
home-total = { $count ->
    [one] One work on Vitrine.
   *[other] { $count } works on Vitrine.
 }
feature-open = See the work

catalog-title = Catalogue
catalog-lead = Everything on Vitrine by kind, genre, year, price and format.
facets-label = Filters
results-label = Results
results-count = { $count ->
    [0] No works
    [one] One work
   *[other] { $count } works
 }
works-count = { $count ->
    [one] one work
   *[other] { $count } works
 }
results-empty = No work fits all of these filters
results-empty-text = Drop one of them:
filter-remove = Remove the filter { $name }
filter-clear = Remove all filters
filter-drop = Without { $name }
filter-drop-brings = { $count ->
    [one] Without { $name }: one work
   *[other] Without { $name }: { $count } works
 }
sort-label = Sort by
sort-go = Sort
density-small = Smaller covers
density-large = Larger covers
pages-label = Pages
pages-previous = Previous page
pages-next = Next page
list-more = Show more
list-before = Show page { $page }
list-shown = { $from ->
    [one] Showing up to page { $to } of { $pages }
   *[other] Showing pages { $from } to { $to } of { $pages }
}
list-failed = The next works did not arrive. Check your connection and press again.

search-title = Search
search-title-for = Results for “{ $words }”
search-relaxed = Nothing is spelled “{ $typed }”, so these are for “{ $used }”.
search-exact = Search for “{ $typed }” all the same
search-nothing = Nothing found for “{ $words }”
search-nothing-text = Check the spelling, try fewer words, or look through the catalogue.
search-instead = What others look at

crumbs-label = Where you are
cover-full = Cover in full size
work-play-all = Play previews
work-about = About
work-credits = Credits
work-facts = Details
work-source = Source
work-source-licence = Licence: { $licence }
work-source-page = Page of the source
work-tags = Genres and tags
work-together = Others bought with it
work-same-maker = From the same maker
book-look-inside = Look inside
book-sample-of = Sample of { $title }
video-trailer = Trailer
video-trailer-of = Trailer of { $title }

buy-label = Buy
buy-editions = Editions
buy-add = Add to cart
buy-now = Buy now
buy-none = Not for sale at the moment
buy-none-text = There is no edition to buy. Those who own it keep it.
buy-nothing-left = No edition can be bought in your country right now. You can change the country at the top of the page.
buy-sold-by = Sold by

maker-lead = { $count ->
    [one] One work by { $name }.
   *[other] { $count } works by { $name }.
 }
maker-shops = Sold by
maker-no-works = Nothing is published yet.

store-works = { $count ->
    [one] One work
   *[other] { $count } works
 }
store-about = About this shop

licence-full = Full text: { $title }
preview-title = This is a preview
preview-text = Only members of your shop see it. Nothing here can be bought.
preview-back = Back to the editor
licence-short = In short
licence-short-note = The full text below is what counts.
licence-version = Version { $version }, { $date }
licence-versions = Other versions
licence-version-number = Version { $version }

policy-privacy = Privacy
policy-privacy-1 = Looking around needs no account and sets no cookie that names you. The place, language and currency you choose are kept in a cookie that holds nothing else. Recent works and searches stay on your device.
policy-privacy-2 = To sell you something, your e-mail address, what you bought and, for parcels, your address are kept. They are stored encrypted and go to the seller and the payment provider only as far as the order needs it.
policy-privacy-3 = You can have your data exported or erased. Invoices stay for as long as tax law asks; what is in them is then all that is left.
policy-withdrawal = Withdrawal and refunds
policy-withdrawal-right = { $country }: consumers may withdraw from a purchase within { $days ->
    [one] one day
   *[other] { $days } days
 } without giving a reason. For goods the period begins when the parcel arrives, for all else with the purchase. Who buys for a business has no such right.
policy-withdrawal-goods = { $country }: consumers may withdraw from a purchase of goods within { $days ->
    [one] one day
   *[other] { $days } days
 } after the parcel arrived, without giving a reason. Of files, gift cards and whatever else is not sent there is no such right. Who buys for a business has none.
policy-withdrawal-waiver = For files this right ends when the download or stream begins, if you agreed to that beforehand. The checkout asks for this agreement and the receipt repeats it.
policy-withdrawal-files = For files, too, this right lasts { $days ->
    [one] one day
   *[other] { $days } days
 } from the purchase on; nothing is asked of you at the checkout that would end it.
policy-withdrawal-here = To withdraw, open your order and press “Withdraw from the contract here”, or tell the shop named there.
policy-withdrawal-tell = To withdraw, tell the shop that is named on your order.
policy-withdrawal-returns = You pay for sending the goods back.
policy-withdrawal-money = The money goes back the way it came, within { $days ->
    [one] one day
   *[other] { $days } days
 }.
policy-withdrawal-money-now = The money goes back at once, the way it came.
policy-withdrawal-none = { $country }: no law is known to us that lets you withdraw from a purchase on the Internet only because you changed your mind.
policy-withdrawal-unknown = { $country }: whether the law there lets you withdraw from a purchase on the Internet only because you changed your mind is not recorded here. What it says holds all the same; ask the shop. Its address is on your receipt and at the bottom of its page.
policy-withdrawal-media = The law has exceptions: of some books, magazines and unsealed recordings there may be no such right. Ask the shop.
policy-withdrawal-shop = Vitrine promises no more than the law. A shop may take something back all the same: ask it. Its address is on your receipt and at the bottom of its page.
policy-withdrawal-faults = What you can ask for when something is faulty, is not as it was described or does not arrive is not touched by this.
policy-withdrawal-country = This is said for the country that prices and tax are shown for; you can choose another one. Where you live decides which law holds.
policy-imprint = Who sells here
policy-imprint-1 = Vitrine is a marketplace. Every work names the shop that sells it, beside its price.
policy-imprint-2 = Each shop’s page carries its registered name, address, contact and tax numbers at the bottom. They also stand on every invoice.
policy-imprint-3 = The seller on your invoice is the one you have a contract with, unless the invoice names the platform.
policy-contact = Contact
policy-contact-1 = For questions about an order, write to the shop. Its address is on your receipt and at the bottom of its page.
policy-contact-2 = Have the order number at hand; it begins with “ord”.
policy-contact-3 = If a page fails it shows an id. With that id the occurrence can be found.

account-signed-out = Your account
account-why = With an account you see what you own on every device and need not type your address again.
account-sign-in = Sign in or create an account
account-hello = Hello, { $name }
account-email = Signed in with { $email }.
account-unverified = This address is not confirmed yet; open the link in the mail we sent.
account-studio = Studio
account-sign-out = Sign out
account-devices = Where you are signed in
account-devices-hint = If you do not know one of these, sign it out and set a new password.
account-device-unknown = A browser that does not say its name
account-device-seen = last seen
account-device-this = this browser
account-device-end = Sign out there
account-console = Orders and import
podcast-feed = Feed for any podcast app
letters-title = Letters from { $shop }
letters-asked = One press is left: confirm that { $shop } may write to this address.
letters-confirm = Yes, write to me
letters-on = You get the letters of { $shop }.
letters-leave = Stop the letters
letters-off = { $shop } does not write to you. Nothing of your address is kept.
letters-visit = To { $shop }
letters-store = News by mail
letters-email = E-mail address
letters-hint = A link comes first; { $shop } writes to you only once you confirm it. You can leave with one press at any time.
letters-ask = Send me the link
letters-look = Look into your mail
letters-look-text = If the address can get mail, a link is on its way. Press the button behind it to begin.
buy-at-market = Buy it at Vitrine
