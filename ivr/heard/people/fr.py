"""French."""

GREETINGS = (
    "bonjour|bonsoir|allô|salut|coucou|bonjour madame|bonjour monsieur|bonsoir madame|bonsoir monsieur|alors|écoutez"
    "|excusez-moi|excusez moi"
)
ASSENTS = (
    "oui|ouais|ok|okay|d'accord|bien|bien sûr|certainement|volontiers|euh|heu|bah|hein|un instant|un moment"
    "|une seconde|attendez|attends|une minute|voilà|bon|eh bien"
)
REFUSALS = "non non|non"
POLITE = "merci|merci beaucoup|s'il vous plaît|s'il te plaît|à l'appareil|au téléphone|ici|au revoir"
SURE = "je m'appelle|moi c'est|mon nom est|mon nom c'est|je me nomme|je me prénomme"
WEAK = "je suis|c'est moi|c'est|ici|vous parlez à|vous parlez avec|ici c'est"
PARTNER = "à|avec|vous parlez à|vous parlez avec"
TITLES = "le|la|monsieur|madame|mademoiselle|mme|docteur|dr|maître|professeur"
NOT = "je ne suis pas|je suis pas|ce n'est pas|c'est pas|vous ne parlez pas à|je ne m'appelle pas|pas|ne suis pas"
NOT_ME = (
    "ce n'est pas moi|c'est pas moi|pas moi|mauvaise personne|vous vous trompez de personne"
    "|vous avez la mauvaise personne"
)
WRONG = (
    "faux numéro|c'est un faux numéro|c'est le mauvais numéro|mauvais numéro|vous avez fait un faux numéro"
    "|vous avez un faux numéro|vous avez le mauvais numéro|vous vous trompez de numéro"
    "|vous vous êtes trompé de numéro|erreur de numéro|je suis le nouveau locataire|je suis la nouvelle locataire"
    "|je suis le nouveau propriétaire"
)
NO_LONGER = (
    "ce numéro n'est plus à|ce numéro n'est pas à|ce numéro n'est plus celui de|ce numéro n'est pas celui de"
    "|ce n'est plus le numéro de|ce n'est pas le numéro de|c'est plus le numéro de|ce numéro n'appartient plus à"
)
BEHALF = "j'appelle de la part de|j'appelle au nom de|de la part de|au nom de"
THEIR = "son sa"
ME = "me m'a m'ont m'avait"
NUMBERS = (
    "soixante septante huitante nonante quatre-vingt quatre-vingts quatre-vingt-dix soixante-dix cent cents mille"
    " million"
)
WHO = "qui"
NEITHER = (
    "ni l'un ni l'autre|ni l'une ni l'autre|aucun des deux|aucune des deux|aucun|aucune|personne|ni|un autre"
    "|une autre personne"
)
ORDINALS = "premier première|deuxième second seconde|troisième"
SEEKS = (
    "qui est|c'est qui|où est|je veux|je voudrais|je cherche|parler à|parler avec|passez-moi|passez moi|j'appelle pour"
    "|j'appelle de la part de|de la part de|au nom de|pour"
)
OF = "de du d' pour des"
ABSENT = (
    "n'est pas là|n'est pas ici|est mort|est morte|est décédé|est décédée|est sorti|est sortie|est absent|est absente"
)
RELATIONS = (
    "mari femme époux épouse fils fille mère maman père papa frère sœur soeur grand-mère grand-père petit-fils neveu"
    " nièce oncle tante cousin cousine compagnon compagne copain copine ami amie voisin voisine collègue secrétaire"
    " assistante assistant beau-frère belle-mère belle-sœur gendre parent parents conjoint"
)
GRAMMAR = (
    "le la les l un une des du de d au aux à en dans sur sous par pour avec sans chez vers et ou mais donc or ni car"
    " que qui quoi dont où quand comment pourquoi combien quel quelle quels je tu il elle on nous vous ils elles me te"
    " se moi toi lui eux leur mon ma mes ton ta tes son sa ses notre nos votre vos leurs ce cet cette ces ça cela ceci"
    " ci là ici ne pas plus jamais rien personne non oui ouais si suis es est sommes êtes sont étais était été être ai"
    " as a avons avez ont avais avait avoir eu fais fait faire faites vais va vont aller peux peut pouvez pouvons"
    " pouvoir pourrais veux veut voulez vouloir voudrais dois doit devez faut viens vient venir venu dis dit dire"
    " dites sais sait savoir entends entendez entendre compris comprends comprendre appelle appelez appeler appelé"
    " appelles parle parlez parler passez passer répétez répéter attendez attends attendre besoin cherche cherchez"
    " reçu recevoir payé payer commandé marche marchent fonctionne fonctionnent cassé cassée panne perdu merci pardon"
    " excusez désolé bonjour bonsoir allô salut revoir voilà bien bon d'accord ok okay euh bah hein alors très trop"
    " aussi encore toujours déjà seulement peu beaucoup tout toute tous toutes autre autres même après avant"
    " maintenant aujourd'hui demain hier bientôt c'est j'ai n'est qu'est s'il j'appelle m'appelle d'un d'une l'autre"
    " aucun aucune chaque quelqu'un quelque chose instant moment seconde merde putain connard connasse salaud enculé"
    " foutre bordel con habite vis travaille laisse laissez laisser tomber regarde regardez vois voir vu trouve trouvé"
    " prends prendre mets mettre arrête arrêtez essai zut mince dommage vraiment enfin puis grave"
    " épeler épelez spelling"
)
MATTERS = (
    "facture factures facturation service clientèle client cliente clients commande commandes livraison colis"
    " réclamation remboursement réparation rendez-vous réservation paiement virement contrat abonnement résiliation"
    " garantie pièce pièces lampe four lumière électricité courant gaz eau chaudière chauffage internet ligne réseau"
    " box routeur modem téléphone problème problèmes souci aide urgence renseignement renseignements information"
    " informations conseiller conseillère opérateur opératrice technicien technique bureau entreprise société magasin"
    " boutique banque compte carte code mot passe devis offre prix document formulaire assurance sinistre compteur"
    " coupure connexion télé télévision lave-linge lave-vaisselle frigo réfrigérateur voiture maison appartement"
    " numéro adresse nom prénom dossier question questions plainte erreur comptabilité ventes commercial mairie"
    " pharmacie école hôpital cabinet hôtel restaurant copropriété syndic association sarl agence garage"
    " rappelez rappelez-moi rappelle rappelle-moi connaissez connaissez-vous edf engie sncf sfr"
)
COMMON = (
    "fâché fâchée énervé énervée content contente mécontent mécontente fatigué fatiguée déçu déçue inquiet inquiète"
    " malade désespéré désespérée heureux heureuse triste perdu prêt prête sûr sûre intéressé intéressée retraité"
    " retraitée ingénieur médecin avocat professeur étudiant étudiante locataire propriétaire directeur directrice"
    " patron gérant français française italien italienne allemand allemande anglais anglaise espagnol espagnole belge"
    " suisse américain américaine européen paris lyon marseille lille nice toulouse bordeaux nantes strasbourg rennes"
    " france italie allemagne espagne angleterre belgique europe lundi mardi mercredi jeudi vendredi samedi dimanche"
    " janvier février mars avril mai juin juillet août septembre octobre novembre décembre urgent urgente important"
    " nouveau nouvelle vieux vieille grand grande petit petite gros grosse beau belle mauvais mauvaise vrai vraie faux"
    " fausse juste exact correct premier première deuxième troisième deux trois quatre cinq homme enfant garçon gens"
    " famille matin soir nuit jour semaine mois année heure minute minutes orange vodafone silence musique anonyme"
    " seul seule impossible possible terrible scandaleux honteux idiot imbécile stupide enceinte aveugle sourd sourde"
    " handicapé noël pâques police pompiers bloqué bloquée"
)
AGAIN = (
    "pardon|comment|comment ça|quoi|hein|qu'est-ce que vous dites|vous dites|plaît-il|excusez-moi|excusez moi|désolé"
    "|je n'ai pas compris|j'ai pas compris|je n'ai pas entendu|j'ai pas entendu|je ne comprends pas|je n'entends rien"
    "|je ne vous entends pas|vous m'entendez|vous pouvez répéter|pouvez-vous répéter|répétez|répétez s'il vous plaît"
    "|qui est à l'appareil|c'est qui|qui est-ce|qui êtes-vous|à qui je parle|c'est moi|moi|mon nom|nom|pourquoi"
    "|il y a quelqu'un"
)
YES = (
    "bien sûr|ouais|mais oui|oui bien sûr|bien sûr que oui|d'accord|certainement|volontiers|tout à fait|absolument"
    "|c'est bon|ça va|si|évidemment|avec plaisir|pas de problème|aucun problème|je crois que oui|je pense que oui"
    "|je crois|c'est résolu|résolu|oui c'est résolu|exactement|parfait|allez-y|entendu"
)
NO = (
    "je ne crois pas|je crois pas|je crois que non|je ne pense pas|je pense pas|je pense que non|pas encore"
    "|pas du tout|bien sûr que non|pas d'accord|non merci|pas vraiment|je préfère pas|je ne préfère pas"
    "|je préfère que non|certainement pas|surtout pas|absolument pas|jamais de la vie|ça ne va pas|je ne veux pas"
    "|je veux pas|pas tout à fait|toujours pas"
)
UNSURE = (
    "pourquoi pas|pourquoi|je ne sais pas|je sais pas|j'en sais rien|peut-être|peut être|oui et non|bof|j'espère"
    "|on verra"
)
