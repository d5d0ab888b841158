gift-title = Cartes cadeaux de { $shop }
gift-lead = Une carte cadeau est un code envoyé par e-mail. Qui l’a en main paie avec elle ce que vend { $shop }, en une fois ou peu à peu.
gift-trouble = Le paiement n’a pas pu commencer
gift-amount = Combien
gift-named = Un autre montant
gift-named-hint = De { $least } à { $most }
gift-pieces = Combien de cartes
gift-pieces-hint = Chacune a son propre code ; { $most } au plus
gift-to = Pour qui
gift-to-other = L’envoyer à quelqu’un
gift-to-self = Me l’envoyer
gift-recipient-email = Adresse e-mail du destinataire
gift-recipient = Nom du destinataire (facultatif)
gift-sender = Votre nom dans l’e-mail (facultatif)
gift-message = Message (facultatif)
gift-day = Jour de l’envoi (facultatif)
gift-day-hint = Envoi à 10 h 00 UTC ce jour-là, jusqu’à un an à l’avance. Laissez vide pour un envoi immédiat.
gift-you = Vous
gift-email = Votre adresse e-mail
gift-email-hint = Pour le reçu et la page de votre commande
gift-where = Elle paie ce que vend { $shop }, livraison et taxe comprises, et rien d’autre. { $shop } en doit la valeur. Elle n’expire pas.
gift-tax = Aucune taxe n’est perçue sur une carte cadeau, mais sur ce qu’elle paie. Vous recevez un reçu, qui n’est pas une facture fiscale.
gift-back = Tant que rien n’en a été dépensé, vous pouvez corriger l’adresse sur la page de votre commande.
gift-withdraw-here = Tant que rien n’en a été dépensé, vous pouvez vous y rétracter de l’achat dans un délai de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 }.
gift-withdraw-tell = Tant que rien n’en a été dépensé, vous pouvez vous rétracter de l’achat dans un délai de { $days ->
    [one] { $days } jour
   *[other] { $days } jours
 } : prévenez { $shop }.
gift-withdraw-none = { $country } : nous ne connaissons pas de loi qui vous permette de vous rétracter de l’achat pour la seule raison que vous avez changé d’avis.
gift-withdraw-unknown = { $country } : il n’est pas indiqué ici si la loi y permet de se rétracter de l’achat pour la seule raison qu’on a changé d’avis. Demandez à { $shop }.
gift-pay = Les remises, cartes cadeaux et avoirs ne paient pas de cartes cadeaux.
gift-buy = Payer la carte cadeau
gift-not-here = Cette boutique ne vend pas de cartes cadeaux dans une monnaie que vous pouvez payer ici ({ $currency }). Choisissez un autre pays ou une autre monnaie au bas de la page.
gift-waits = Part à { $email } le { $when }
gift-sent = Envoyée à { $email } le { $when }
gift-used = Envoyée à { $email } ; une partie en a été dépensée
gift-over = Elle est close : son code ne paie plus rien
gift-correct = L’envoyer à une autre adresse
gift-correct-of = : carte { $number }
gift-correct-text = Une carte déjà envoyée reçoit un nouveau code, et l’ancien ne vaut plus rien. Ce qui n’est pas encore parti ira le jour dit à la nouvelle adresse.
gift-correct-go = L’envoyer là
gift-corrected = L’adresse est changée
gift-corrected-text = La carte va à l’adresse que vous avez écrite.
gift-not-corrected = L’adresse n’a pas été changée
gift-trouble-fault-email = Écrivez une adresse e-mail comme nom@example.com.
gift-trouble-gift-used = Une partie de cette carte a été dépensée, ou elle est close.
gift-trouble-gift-many = Cette carte a été envoyée trop souvent. Écrivez à la boutique.
gift-trouble-changed-meanwhile = La carte vient de changer. Regardez-la de nouveau.
gift-trouble-other = Réessayez dans un instant.
gift-store = Cartes cadeaux
gift-store-text = Offrez ce qui plaît : le choix leur appartient.
gift-store-go = Acheter une carte cadeau
fulfil-gift = carte cadeau
fault-gift-amount = Choisissez un montant, ou écrivez-en un entre le moindre et le plus grand
fault-gift-pieces = Écrivez un nombre de 1 à 10
fault-gift-day = Choisissez un jour entre aujourd’hui et dans un an
trouble-gift_currency = Cette boutique ne vend pas de cartes cadeaux dans cette monnaie.
trouble-gift_changed = Ces cartes cadeaux se vendent maintenant dans une autre monnaie. Choisissez de nouveau le montant ; rien n’a été débité.
