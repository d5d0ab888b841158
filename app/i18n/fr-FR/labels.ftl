kind-album = Album
kind-book = Livre
kind-video = Vidéo
kind-podcast = Podcast

price-free = Gratuit
price-from = dès
price-was = Avant :
price-none = Pas en vente ici
price-named = Fixez votre prix, { $least } ou plus
price-name-yours = Votre prix en { $currency }
price-name-hint = Au moins { $least }. Prix conseillé : { $suggested }.
tax-final = sans taxe en plus
tax-incl-vat = TVA comprise
tax-incl-gst = GST comprise
tax-incl-ct = taxe à la consommation comprise
tax-excl = hors taxe
tax-none = sans taxe
tax-import = hors taxe à l’importation
tax-some = taxe sur une partie

facet-type = Type
facet-genre = Genre
facet-tag = Mot-clé
facet-year = Année
facet-price = Prix
facet-format = Format
facet-maker = Auteur
facet-store = Boutique
facet-language = Langue
facet-chosen = choisi
sort-relevance = Les plus pertinents
sort-newest = Les plus récents
sort-title = Titre
sort-price-up = Prix croissant
sort-price-down = Prix décroissant

feature-newest = Nouveau
feature-latest = Dernier paru
feature-new = Nouveau

parts-album = { $count ->
    [one] { $count } morceau
   *[other] { $count } morceaux
 }
parts-book = { $count ->
    [one] { $count } chapitre
   *[other] { $count } chapitres
 }
parts-video = { $count ->
    [one] { $count } partie
   *[other] { $count } parties
 }
parts-podcast = { $count ->
    [one] { $count } épisode
   *[other] { $count } épisodes
 }
parts-title-album = Morceaux
parts-title-book = Sommaire
parts-title-video = Parties
parts-title-podcast = Épisodes
group-album = Disque { $number }
group-book = Partie { $number }
group-video = Saison { $number }
group-podcast = Saison { $number }
part-bonus = Bonus, pour les acheteurs
part-notes = Notes
transcript = Transcription
transcript-in = Transcription ({ $language })
transcript-title-of = Transcription : { $episode } · { $podcast }
transcript-file = Les paroles avec leurs temps en fichier (WebVTT)
transcript-press = Appuyez sur un temps pour écouter à partir de là.
transcript-play-from = Lire à partir de { $at }

fact-series = Série
fact-series-number = { $series }, n° { $number }
fact-pages = Pages
fact-words = Mots
fact-language = Langue
fact-isbn = ISBN
fact-resolution = Résolution
fact-subtitles = Sous-titres
fact-updates = Mises à jour
fact-sound = Son
updates-none = Reste tel quel
updates-corrections = Les corrections sont gratuites et arrivent dans votre bibliothèque
updates-editions = Les corrections et les nouvelles éditions sont gratuites et arrivent dans votre bibliothèque
fact-age = Classification par âge
fact-accessibility = Accessibilité

stock-none = Épuisé
stock-few = { $count ->
    [one] Plus que { $count } exemplaire
   *[other] Plus que { $count } exemplaires
 }
stock-there = En stock
ships = Livré par colis
ships-from = Expédié depuis : { $place }

maker-artist = Artiste
maker-author = Auteur
maker-works-artist = Discographie
maker-works-author = Bibliographie
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

price-lowest = Prix le plus bas des 30 jours précédents : { $price }
price-about = { $amount } (environ)
price-about-note = Les montants en { $currency } sont approximatifs, au cours { $source } du { $date }. Vous payez en { $paid }.
price-about-old = Les montants en { $currency } sont approximatifs, à un ancien cours { $source } du { $date }. Vous payez en { $paid }.
price-step = Dès { $count } exemplaires : { $price } l’unité
