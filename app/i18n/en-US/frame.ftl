skip-to-content = Skip to content
close = Close
dismiss = Dismiss
loading = Loading
messages = Messages
account = Account
account-of = Account of { $name }
cart-count = { $count ->
    [0] Cart
    [one] Cart, 1 item
   *[other] Cart, { $count } items
 }
own-label = Your shop
kinds-label = Kinds
kinds-album = Music
kinds-book = Books
kinds-video = Video
kinds-podcast = Podcasts
kinds-all = Everything

search-label = Search works, makers and shops
search-placeholder = Search
search-go = Search
search-makers = Makers
search-works = Works
search-shops = Shops
search-recent = Searched on this device
search-status = { $count ->
    [0] No suggestions
    [one] One suggestion
   *[other] { $count } suggestions
 }

prefs-open = Place, currency and language: { $country }, { $currency }, { $language }
prefs-title = Place, currency and language
prefs-country = Country
prefs-country-hint = Decides prices, tax and what can be delivered.
prefs-currency = Currency
prefs-currency-hint = What you see. Where a shop has a price in it, you pay it; everywhere else the price you pay stands before an approximate amount.
prefs-language = Language
prefs-language-hint = The words of this site. Titles and descriptions stay as their makers wrote them.
prefs-save = Save
theme-label = Appearance
theme-system = As this device
theme-light = Light
theme-dark = Dark
theme-contrast = High contrast

keys-title = Keys
keys-search = Search
keys-cart = Open the cart
keys-play = Play and pause
keys-skip = Back and forward five seconds
keys-next = Next and previous
keys-help = Show this list
keys-close = Close dialogs and lists

player-label = Player
player-play = Play
player-pause = Pause
player-play-title = Play { $title }
player-pause-title = Pause { $title }
player-next = Next
player-previous = Previous
player-seek = Place
player-place = { $place } of { $length }
player-close = Close the player
player-failed = This preview could not be loaded

footer-shop = Shop
footer-new = New works
footer-library = Your library
footer-invoices = Your invoices
footer-rights = Your rights
footer-more = More
footer-feed = Feed of new works
footer-studio = Studio for sellers
footer-seller = Who sells here
footer-on = This shop runs on

share-copy = Copy the address
share-copied = Address copied
