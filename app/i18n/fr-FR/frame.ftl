skip-to-content = Aller au contenu
close = Fermer
dismiss = Masquer
loading = Chargement
messages = Messages
account = Compte
account-of = Compte de { $name }
cart-count = { $count ->
    [0] Panier
    [one] Panier, 1 article
   *[other] Panier, { $count } articles
 }
own-label = Votre boutique
kinds-label = Types
kinds-album = Musique
kinds-book = Livres
kinds-video = Vidéos
kinds-podcast = Podcasts
kinds-all = Tout

search-label = Rechercher des œuvres, des auteurs et des boutiques
search-placeholder = Rechercher
search-go = Rechercher
search-makers = Auteurs
search-works = Œuvres
search-shops = Boutiques
search-recent = Recherches sur cet appareil
search-status = { $count ->
    [0] Aucune suggestion
    [one] Une suggestion
   *[other] { $count } suggestions
 }

prefs-open = Lieu, monnaie et langue : { $country }, { $currency }, { $language }
prefs-title = Lieu, monnaie et langue
prefs-country = Pays
prefs-country-hint = Détermine les prix, la taxe et ce qui peut être livré.
prefs-currency = Monnaie
prefs-currency-hint = Ce que vous voyez. Si une boutique a un prix dans cette monnaie, vous le payez ; sinon, le prix payé précède un montant approximatif.
prefs-language = Langue
prefs-language-hint = Les textes de ce site. Les titres et les descriptions restent tels que leurs auteurs les ont écrits.
prefs-save = Enregistrer
theme-label = Apparence
theme-system = Comme cet appareil
theme-light = Claire
theme-dark = Sombre
theme-contrast = Contraste élevé

keys-title = Touches
keys-search = Rechercher
keys-cart = Ouvrir le panier
keys-play = Lire et mettre en pause
keys-skip = Reculer et avancer de cinq secondes
keys-next = Suivant et précédent
keys-help = Afficher cette liste
keys-close = Fermer les dialogues et les listes

player-label = Lecteur
player-play = Lire
player-pause = Pause
player-play-title = Lire { $title }
player-pause-title = Mettre en pause { $title }
player-next = Suivant
player-previous = Précédent
player-seek = Position
player-place = { $place } sur { $length }
player-close = Fermer le lecteur
player-failed = Cet extrait n’a pas pu être chargé

footer-shop = Boutique
footer-new = Nouvelles œuvres
footer-library = Votre bibliothèque
footer-invoices = Vos factures
footer-rights = Vos droits
footer-more = Plus
footer-feed = Flux des nouvelles œuvres
footer-studio = Studio des vendeurs
footer-seller = Qui vend ici
footer-on = Cette boutique fonctionne avec

share-copy = Copier l’adresse
share-copied = Adresse copiée
