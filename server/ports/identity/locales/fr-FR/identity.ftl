# Sign-in pages and mails of the built-in provider.
idp-skip = Aller au formulaire
idp-sign-in-title = Connexion
idp-from = Vous venez de { $client } et vous y retournerez.
idp-back-to = Retour à { $client }
idp-email = E-mail
idp-email-hint = Si vous n’avez pas encore de compte, vous pourrez en créer un à l’étape suivante.
idp-continue = Continuer
idp-password-title = Votre mot de passe
idp-for-email = Pour { $email }
idp-other-email = Utiliser un autre e-mail
idp-password = Mot de passe
idp-sign-in = Se connecter
idp-no-account = Pas encore de compte avec cet e-mail ?
idp-create = Créer un compte
idp-forgot = Mot de passe oublié ?
idp-forgot-send = M’envoyer un lien
idp-create-title = Créer un compte
idp-name = Nom
idp-name-hint = Comment nous nous adressons à vous. Vous pouvez laisser ce champ vide.
idp-new-password = Nouveau mot de passe
idp-password-hint = Au moins { $count } caractères. Quelques mots à la suite se retiennent facilement.
idp-have-account = J’ai un compte
idp-sent-title = Regardez votre boîte de réception
idp-sent = Nous avons envoyé un message à { $email }. Ouvrez le lien qu’il contient pour continuer. Il est valable { $hours ->
    [one] { $hours } heure
   *[other] { $hours } heures
}.
idp-sent-missing = Aucun message ? Regardez dans les indésirables, ou réessayez dans quelques minutes.
idp-verify-title = Confirmez votre e-mail
idp-verify-text = Ceci crée votre compte pour { $email }.
idp-verify-password = Le mot de passe que vous avez choisi
idp-verify-password-hint = Vous avez ouvert le lien dans un autre navigateur, c’est pourquoi nous le redemandons.
idp-verify-again = Ce n’est pas votre mot de passe ? Recommencez et choisissez-en un nouveau.
idp-confirm = Confirmer
idp-reset-title = Choisissez un nouveau mot de passe
idp-reset-text = Pour { $email }. Toutes les sessions ouvertes sur ce compte seront fermées.
idp-reset-save = Enregistrer et se connecter
idp-nobody-title = Il n’y a pas de compte avec cet e-mail
idp-nobody-text = Créez-en un avec { $email }, ou essayez un autre e-mail.
idp-start-again = Recommencer
idp-link-gone-title = Ce lien ne fonctionne plus
idp-link-gone-text = Il a déjà servi ou il est trop ancien. Recommencez pour en recevoir un nouveau.
idp-logout-title = Déconnexion
idp-logout-text = Voulez-vous vous déconnecter de { $site } dans ce navigateur ?
idp-logout = Se déconnecter
idp-stay = Rester connecté
idp-logged-out-title = Vous êtes déconnecté
idp-error-title = Ceci ne peut pas être ouvert
idp-error-summary = Veuillez vérifier ceci
idp-error-wrong = L’e-mail ou le mot de passe est incorrect. Réessayez, ou demandez un lien pour définir un nouveau mot de passe.
idp-error-email = Ce n’est pas une adresse e-mail. Elle ressemble à nom@example.com.
idp-error-password = Le mot de passe doit avoir de { $count } à 256 caractères.
idp-error-wait = Trop de tentatives. Réessayez dans { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
idp-error-origin = Le formulaire a été envoyé depuis un autre site, rien n’a donc été fait. Revenez en arrière et réessayez.
idp-error-redirect-title = L’adresse de retour n’est pas enregistrée
idp-error-redirect-text = L’application a demandé à revenir à une adresse qui n’est pas dans sa liste. Si vous gérez l’application, enregistrez exactement cette adresse :
idp-error-client-title = L’application n’est pas connue
idp-error-client-text = Aucune application n’est enregistrée sous l’identifiant « { $client } ».
idp-error-request-text = L’application a envoyé une demande qui n’est pas comprise. Revenez-y et réessayez.
idp-error-internal-title = Quelque chose n’a pas fonctionné ici
idp-error-internal-text = Rien n’est perdu. Réessayez dans un instant. Si cela persiste, donnez-nous ce numéro : { $id }
idp-mail-sign-up-subject = Confirmez votre e-mail
idp-mail-sign-up-text = Vous voulez créer un compte sur { $site }. Ouvrez ce lien pour confirmer que l’adresse est la vôtre :
idp-mail-registered-subject = Vous avez déjà un compte
idp-mail-registered-text = Quelqu’un, sans doute vous, a voulu créer un compte sur { $site } avec cette adresse. Elle en a déjà un. Connectez-vous avec votre mot de passe, ou définissez-en un nouveau ici :
idp-mail-reset-subject = Définir un nouveau mot de passe
idp-mail-reset-text = Ouvrez ce lien pour choisir un nouveau mot de passe pour { $site } :
idp-mail-nobody-subject = Pas de compte avec cette adresse
idp-mail-nobody-text = Quelqu’un, sans doute vous, a demandé un nouveau mot de passe sur { $site }. Il n’y a pas de compte avec cette adresse. Vous pouvez en créer un ici :
idp-mail-life = Le lien est valable { $hours ->
    [one] { $hours } heure
   *[other] { $hours } heures
} et une seule fois.
idp-mail-not-you = Si ce n’était pas vous, il n’y a rien à faire.
idp-mail-device-subject = Nouvelle connexion à { $site }
idp-mail-device-text = Une connexion à votre compte sur { $site } vient d’avoir lieu avec un navigateur jamais utilisé auparavant : { $browser }. Si ce n’était pas vous, définissez maintenant un nouveau mot de passe ; cela ferme toutes les sessions, partout :
idp-mail-device-unnamed = un navigateur qui ne dit pas son nom
idp-mail-was-you = Si c’était vous, il n’y a rien à faire.
