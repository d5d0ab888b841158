kind-album = Album
kind-book = Book
kind-video = Video
kind-podcast = Podcast

price-free = Free
price-from = from
price-was = Before:
price-lowest = Lowest price in the 30 days before: { $price }
price-about = { $amount } (approximate)
price-about-note = Amounts in { $currency } are approximate, by the { $source } rate of { $date }. You pay in { $paid }.
price-about-old = Amounts in { $currency } are approximate, by an old { $source } rate of { $date }. You pay in { $paid }.
price-step = { $count } or more: { $price } each
price-none = Not for sale here
price-named = Name your price, { $least } or more
price-name-yours = Your price in { $currency }
price-name-hint = At least { $least }. Suggested: { $suggested }.
tax-final = no tax is added
tax-incl-vat = incl. VAT
tax-incl-gst = incl. GST
tax-incl-ct = incl. consumption tax
tax-excl = plus tax
tax-none = no tax
tax-import = excl. import tax
tax-some = tax on part of it

facet-type = Kind
facet-genre = Genre
facet-tag = Tag
facet-year = Year
facet-price = Price
facet-format = Format
facet-maker = Maker
facet-store = Shop
facet-language = Language
facet-chosen = chosen
sort-relevance = Best match
sort-newest = Newest
sort-title = Title
sort-price-up = Price, lowest first
sort-price-down = Price, highest first

feature-newest = New
feature-latest = Latest
feature-new = New

parts-album = { $count ->
    [one] one track
   *[other] { $count } tracks
 }
parts-book = { $count ->
    [one] one chapter
   *[other] { $count } chapters
 }
parts-video = { $count ->
    [one] one part
   *[other] { $count } parts
 }
parts-podcast = { $count ->
    [one] one episode
   *[other] { $count } episodes
 }
parts-title-album = Tracks
parts-title-book = Contents
parts-title-video = Parts
parts-title-podcast = Episodes
group-album = Disc { $number }
group-book = Part { $number }
group-video = Season { $number }
group-podcast = Season { $number }
part-bonus = Bonus, for buyers
part-notes = Notes
transcript = Transcript
transcript-in = Transcript ({ $language })
transcript-title-of = Transcript: { $episode } · { $podcast }
transcript-file = The words with their times as a file (WebVTT)
transcript-press = Press a time to hear it from there.
transcript-play-from = Play from { $at }

fact-series = Series
fact-series-number = { $series }, no. { $number }
fact-pages = Pages
fact-words = Words
fact-language = Language
fact-isbn = ISBN
fact-resolution = Resolution
fact-subtitles = Subtitles
fact-updates = Updates
fact-sound = Sound
updates-none = It stays as it is
updates-corrections = Corrections are free and come to your library
updates-editions = Corrections and new editions are free and come to your library
fact-age = Age rating
fact-accessibility = Accessibility

stock-none = Sold out
stock-few = { $count ->
    [one] One left
   *[other] { $count } left
 }
stock-there = In stock
ships = Ships as a parcel
ships-from = Ships from { $place }

maker-artist = Artist
maker-author = Author
maker-works-artist = Discography
maker-works-author = Bibliography
language-en = English
language-de = Deutsch
language-fr = Français
language-es = Español
language-it = Italiano
language-pt = Português
language-ru = Русский
language-ja = 日本語
language-zh = 中文
language-ar = العربية
