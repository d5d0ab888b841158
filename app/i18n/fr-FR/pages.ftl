home-title = Musique, livres et films par ceux qui les ont faits
home-lead = Musique, livres, films et podcasts, vendus par ceux qui les ont faits. Écoutez, feuilletez, gardez les fichiers.
home-new = Nouveautés
home-all-new = Toutes les nouvelles œuvres
home-all = Tout voir
home-genres = Genres
home-shops = Boutiques
home-go-on = Reprendre où vous en étiez
home-go-on-note = Conservé sur cet appareil seulement.
home-total = { $count ->
    [one] { $count } œuvre sur Vitrine.
   *[other] { $count } œuvres sur Vitrine.
 }
feature-open = Voir l’œuvre

catalog-title = Catalogue
catalog-lead = Tout ce qui est sur Vitrine par type, genre, année, prix et format.
facets-label = Filtres
results-label = Résultats
results-count = { $count ->
    [0] Aucune œuvre
    [one] Une œuvre
   *[other] { $count } œuvres
 }
works-count = { $count ->
    [one] { $count } œuvre
   *[other] { $count } œuvres
 }
results-empty = Aucune œuvre ne correspond à tous ces filtres
results-empty-text = Retirez-en un :
filter-remove = Retirer le filtre { $name }
filter-clear = Retirer tous les filtres
filter-drop = Sans { $name }
filter-drop-brings = { $count ->
    [one] Sans { $name } : { $count } œuvre
   *[other] Sans { $name } : { $count } œuvres
 }
sort-label = Trier par
sort-go = Trier
density-small = Petites couvertures
density-large = Grandes couvertures
pages-label = Pages
pages-previous = Page précédente
pages-next = Page suivante
list-more = Afficher plus
list-before = Afficher la page { $page }
list-shown = { $from ->
    [one] Affichage jusqu’à la page { $to } sur { $pages }
   *[other] Affichage des pages { $from } à { $to } sur { $pages }
}
list-failed = Les œuvres suivantes ne sont pas arrivées. Vérifiez votre connexion et appuyez de nouveau.

search-title = Recherche
search-title-for = Résultats pour « { $words } »
search-relaxed = Rien ne s’écrit « { $typed } », voici donc les résultats pour « { $used } ».
search-exact = Chercher tout de même « { $typed } »
search-nothing = Rien trouvé pour « { $words } »
search-nothing-text = Vérifiez l’orthographe, essayez moins de mots, ou parcourez le catalogue.
search-instead = Ce que d’autres regardent

crumbs-label = Où vous êtes
cover-full = Couverture en grand
work-play-all = Lire les extraits
work-about = À propos
work-credits = Crédits
work-facts = Détails
work-source = Source
work-source-licence = Licence : { $licence }
work-source-page = Page de la source
work-tags = Genres et mots-clés
work-together = Achetés avec cette œuvre
work-same-maker = Du même auteur
book-look-inside = Feuilleter
book-sample-of = Extrait de { $title }
video-trailer = Bande-annonce
video-trailer-of = Bande-annonce de { $title }

buy-label = Acheter
buy-editions = Éditions
buy-add = Ajouter au panier
buy-now = Acheter maintenant
buy-none = Pas en vente pour le moment
buy-none-text = Il n’y a pas d’édition à acheter. Ceux qui la possèdent la gardent.
buy-nothing-left = Aucune édition ne peut être achetée dans votre pays en ce moment. Vous pouvez changer de pays en haut de la page.
buy-sold-by = Vendu par

maker-lead = { $count ->
    [one] { $count } œuvre de { $name }.
   *[other] { $count } œuvres de { $name }.
 }
maker-shops = Vendu par
maker-no-works = Rien n’est encore publié.

store-works = { $count ->
    [one] { $count } œuvre
   *[other] { $count } œuvres
 }
store-about = À propos de cette boutique

licence-full = Texte intégral : { $title }
preview-title = Ceci est un aperçu
preview-text = Seuls les membres de votre boutique le voient. Rien ne peut être acheté ici.
preview-back = Retour à l’éditeur
licence-short = En bref
licence-short-note = C’est le texte intégral ci-dessous qui fait foi.
licence-version = Version { $version }, { $date }
licence-versions = Autres versions
licence-version-number = Version { $version }

policy-privacy = Confidentialité
policy-privacy-1 = Regarder ne demande pas de compte et ne pose aucun cookie qui vous nomme. Le lieu, la langue et la monnaie que vous choisissez sont gardés dans un cookie qui ne contient rien d’autre. Les œuvres et recherches récentes restent sur votre appareil.
policy-privacy-2 = Pour vous vendre quelque chose, nous conservons votre adresse e-mail, ce que vous avez acheté et, pour les colis, votre adresse. Ces données sont chiffrées et ne vont au vendeur et au prestataire de paiement que dans la mesure où la commande l’exige.
policy-privacy-3 = Vous pouvez faire exporter ou effacer vos données. Les factures restent aussi longtemps que le droit fiscal le demande ; ce qu’elles contiennent est alors tout ce qui reste.
policy-withdrawal = Rétractation et remboursements
policy-withdrawal-right = { $country } : les consommateurs peuvent se rétracter d’un achat dans un délai de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 } sans donner de motif. Pour les biens, le délai commence à l’arrivée du colis, pour tout le reste à l’achat. Qui achète pour une entreprise n’a pas ce droit.
policy-withdrawal-goods = { $country } : les consommateurs peuvent se rétracter d’un achat de biens dans un délai de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 } après l’arrivée du colis, sans donner de motif. Pour les fichiers, les cartes cadeaux et tout ce qui n’est pas expédié, ce droit n’existe pas. Qui achète pour une entreprise ne l’a pas.
policy-withdrawal-waiver = Pour les fichiers, ce droit prend fin lorsque le téléchargement ou l’écoute commence, si vous y avez consenti auparavant. La page de paiement demande ce consentement et le reçu le rappelle.
policy-withdrawal-files = Pour les fichiers aussi, ce droit dure { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 } à compter de l’achat ; la page de paiement ne vous demande rien qui y mettrait fin.
policy-withdrawal-here = Pour vous rétracter, ouvrez votre commande et choisissez « Renoncer au contrat ici », ou prévenez la boutique qui y est nommée.
policy-withdrawal-tell = Pour vous rétracter, prévenez la boutique nommée sur votre commande.
policy-withdrawal-returns = Les frais de renvoi sont à votre charge.
policy-withdrawal-money = L’argent repart par le même chemin, dans un délai de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 }.
policy-withdrawal-money-now = L’argent repart aussitôt par le même chemin.
policy-withdrawal-none = { $country } : nous ne connaissons pas de loi qui vous permette de vous rétracter d’un achat en ligne pour la seule raison que vous avez changé d’avis.
policy-withdrawal-unknown = { $country } : il n’est pas indiqué ici si la loi y permet de se rétracter d’un achat en ligne pour la seule raison qu’on a changé d’avis. Ce qu’elle dit vaut dans tous les cas ; demandez à la boutique. Son adresse figure sur votre reçu et au bas de sa page.
policy-withdrawal-media = La loi prévoit des exceptions : pour certains livres, magazines et enregistrements descellés, ce droit peut ne pas exister. Demandez à la boutique.
policy-withdrawal-shop = Vitrine ne promet pas plus que la loi. Une boutique peut tout de même reprendre un article : demandez-lui. Son adresse figure sur votre reçu et au bas de sa page.
policy-withdrawal-faults = Vos droits lorsqu’un article est défectueux, n’est pas conforme à sa description ou n’arrive pas restent entiers.
policy-withdrawal-country = Cela vaut pour le pays dont les prix et les taxes sont affichés ; vous pouvez en choisir un autre. C’est votre lieu de résidence qui décide de la loi applicable.
policy-imprint = Qui vend ici
policy-imprint-1 = Vitrine est une place de marché. Chaque œuvre nomme la boutique qui la vend, à côté de son prix.
policy-imprint-2 = La page de chaque boutique porte en bas sa raison sociale, son adresse, ses coordonnées et ses numéros fiscaux. Ils figurent aussi sur chaque facture.
policy-imprint-3 = Le vendeur indiqué sur votre facture est celui avec qui vous avez un contrat, à moins que la facture ne nomme la plateforme.
policy-contact = Contact
policy-contact-1 = Pour toute question sur une commande, écrivez à la boutique. Son adresse figure sur votre reçu et en bas de sa page.
policy-contact-2 = Ayez le numéro de commande sous la main ; il commence par « ord ».
policy-contact-3 = Si une page échoue, elle affiche un identifiant. Il permet de retrouver l’incident.

account-signed-out = Votre compte
account-why = Avec un compte, vous voyez ce que vous possédez sur chaque appareil et n’avez plus à saisir votre adresse.
account-sign-in = Se connecter ou créer un compte
account-hello = Bonjour { $name }
account-email = Connecté avec { $email }.
account-unverified = Cette adresse n’est pas encore confirmée ; ouvrez le lien dans le message que nous avons envoyé.
account-studio = Studio
account-sign-out = Se déconnecter
account-devices = Où vous êtes connecté
account-devices-hint = Si l’un d’eux vous est inconnu, déconnectez-le et définissez un nouveau mot de passe.
account-device-unknown = Un navigateur qui ne dit pas son nom
account-device-seen = vu pour la dernière fois
account-device-this = ce navigateur
account-device-end = Déconnecter
account-console = Commandes et import
podcast-feed = Flux pour toute application de podcasts
letters-title = Lettres de { $shop }
letters-asked = Il reste une étape : confirmez que { $shop } peut écrire à cette adresse.
letters-confirm = Oui, écrivez-moi
letters-on = Vous recevez les lettres de { $shop }.
letters-leave = Ne plus recevoir les lettres
letters-off = { $shop } ne vous écrit pas. Rien de votre adresse n’est conservé.
letters-visit = Vers { $shop }
letters-store = Nouvelles par e-mail
letters-email = Adresse e-mail
letters-hint = Un lien arrive d’abord ; { $shop } ne vous écrit qu’une fois que vous l’avez confirmé. Vous pouvez partir d’un clic à tout moment.
letters-ask = Envoyez-moi le lien
letters-look = Regardez vos messages
letters-look-text = Si l’adresse peut recevoir des messages, un lien est en route. Appuyez sur le bouton qui s’y trouve pour commencer.
buy-at-market = L’acheter chez Vitrine
