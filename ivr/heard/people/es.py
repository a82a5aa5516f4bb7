"""Spanish."""

GREETINGS = (
    "hola|buenos días|buenas tardes|buenas noches|buenas|buen día|oiga|oye|mire|mira|dígame|diga|hola buenas"
    "|hola buenos días|perdone|disculpe|pues|bueno"
)
ASSENTS = (
    "sí|si|ok|okay|vale|claro|de acuerdo|por supuesto|bien|eh|em|esto|un momento|un segundo|un momentito|espere|espera"
    "|aguarde|momento|sí claro"
)
REFUSALS = "no no|no"
POLITE = "gracias|muchas gracias|por favor|al aparato|al teléfono|al habla|aquí|adiós"
SURE = "me llamo|mi nombre es|yo me llamo"
WEAK = "yo soy|soy yo|soy|habla|le habla|aquí|es|habla con|está hablando con"
PARTNER = "con|habla con|está hablando con|hablas con"
TITLES = "el señor|la señora|el|la|señor|señora|señorita|don|doña|doctor|doctora|licenciado|sr|sra"
NOT = "no soy|yo no soy|no es|no habla con|no está hablando con|no me llamo"
NOT_ME = "no soy yo|persona equivocada|se ha equivocado de persona|se equivoca de persona"
WRONG = (
    "número equivocado|es un número equivocado|se ha equivocado de número|se han equivocado de número"
    "|se equivoca de número|se equivocan de número|tiene el número equivocado|tienen el número equivocado"
    "|soy el nuevo inquilino|soy la nueva inquilina|soy el nuevo propietario|soy la nueva propietaria"
)
NO_LONGER = (
    "este número ya no es de|este número no es de|este número ya no pertenece a|este ya no es el número de"
    "|este no es el número de|ya no es el número de|no es el número de"
)
BEHALF = "llamo de parte de|llamo en nombre de|de parte de|en nombre de"
THEIR = "su"
ME = "me"
NUMBERS = "sesenta setenta ochenta noventa cien ciento doscientos mil millón"
WHO = "quien que el la"
NEITHER = "ninguno de los dos|ninguna de las dos|ninguno|ninguna|nadie|ni uno ni otro|ni|otra persona|otro|otra"
ORDINALS = "primero primera primer|segundo segunda|tercero tercera"
SEEKS = (
    "quién es|dónde está|quiero|quisiera|busco|páseme con|páseme|hablar con|hablo con|llamo por|llamo para"
    "|llamo de parte de|de parte de|en nombre de|para|por"
)
OF = "de del para por"
ABSENT = "no está|ha muerto|murió|está muerto|está muerta|ha salido|falleció|está fuera"
RELATIONS = (
    "marido mujer esposo esposa hijo hija madre mamá padre papá hermano hermana abuelo abuela nieto nieta sobrino"
    " sobrina tío tía primo prima suegro suegra cuñado cuñada yerno nuera novio novia pareja amigo amiga vecino vecina"
    " compañero compañera cuidadora secretaria asistente padres"
)
GRAMMAR = (
    "el la los las lo un una unos unas de del a al en con por para sin sobre entre desde hasta y e o u pero porque"
    " pues que quien cual cuando como donde cuanto qué quién cuál cuándo cómo dónde cuánto yo tú usted él ella"
    " nosotros ustedes ellos ellas me te se nos le les mí mi mis tu tus su sus nuestro nuestra vuestro este esta estos"
    " estas ese esa eso esto aquel aquella no ni nunca nada nadie sí si también tampoco soy eres es somos sois son era"
    " fue ser sido estoy está están estaba estar he has ha hemos han había haber hay tengo tiene tienen tenía tener"
    " hago hace hacer hecho voy va van ir puedo puede pueden poder podría quiero quiere quería quisiera querer debo"
    " debe necesito necesita vengo viene digo dice decir dicho sé sabe saber oigo oye oír entiendo entiende entendido"
    " llamo llama llaman llamar llamado hablo habla hablar pase páseme pasar repita repite repetir espere espera"
    " esperar busco recibido pagado pagar pedido comprado funciona funcionan roto rota rotos estropeado averiado"
    " gracias perdón perdone disculpe hola buenos buenas días tardes noches adiós vale claro bueno bien ok okay eh"
    " mande diga dígame momento segundo muy más menos mucho mucha poco todo toda todos todas otro otra mismo misma ya"
    " aún todavía siempre ahora hoy ayer mañana luego después antes aquí allí ahí solo sólo algo alguien ninguno"
    " ninguna cada así entonces mierda coño joder puta puto cabrón gilipollas hostia pendejo vivo trabajo deja deje"
    " déjelo déjame dejar importa miro ver visto encuentro pongo poner tomo pare prueba caramba vaya anda venga ojalá"
    " realmente servirle servirte"
    " deletrear deletree spelling"
)
MATTERS = (
    "factura facturas facturación servicio cliente clientes clienta atención pedido pedidos entrega paquete"
    " reclamación queja reembolso reparación cita reserva pago pagos transferencia contrato suscripción baja garantía"
    " pieza piezas lámpara horno luz electricidad corriente gas agua caldera calefacción internet línea red router"
    " módem teléfono problema problemas avería ayuda urgencia información operador operadora asesor agente técnico"
    " técnica oficina empresa sociedad tienda banco cuenta tarjeta código contraseña presupuesto oferta precio"
    " documento formulario seguro siniestro contador corte conexión televisión lavadora lavavajillas nevera"
    " frigorífico coche casa piso número dirección nombre apellido consulta pregunta error ventas comercial"
    " administración recibo ayuntamiento colegio escuela hospital farmacia despacho hotel restaurante comunidad"
    " asociación agencia taller sl"
    " llámeme llámame llámenme devuélvame devuélvanme llamadme conoce conocen conoces endesa iberdrola naturgy"
    " correos"
)
COMMON = (
    "enfadado enfadada contento contenta cansado cansada harto harta decepcionado decepcionada preocupado preocupada"
    " enfermo enferma desesperado desesperada feliz triste perdido listo seguro segura interesado interesada jubilado"
    " jubilada ingeniero médico abogado profesor profesora estudiante inquilino propietario propietaria director"
    " directora jefe dueño dueña español española italiano italiana alemán alemana francés francesa inglés inglesa"
    " mexicano mexicana argentino argentina colombiano colombiana americano europea madrid barcelona sevilla valencia"
    " bilbao málaga zaragoza granada españa méxico italia alemania francia inglaterra europa lunes martes miércoles"
    " jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre urgente importante nuevo nueva viejo vieja grande pequeño pequeña malo mala bonito feo verdad cierto"
    " falso correcto primero primera segunda tercero dos tres cuatro cinco hombre niña gente familia persona semana"
    " mes año hora minuto minutos orange vodafone movistar telefónica silencio música anónimo sola imposible terrible"
    " idiota imbécil tonto estúpido señor señora embarazada ciego ciega sordo sorda autónomo autónoma navidad policía"
    " bomberos"
)
AGAIN = (
    "cómo|cómo dice|cómo ha dicho|qué|qué dice|qué ha dicho|perdón|perdone|disculpe|mande|diga|dígame|repita"
    "|repita por favor|puede repetir|puede repetirlo|no entiendo|no le entiendo|no he entendido|no le oigo"
    "|no oigo nada|no oigo|me oye|me escucha|hay alguien|quién es|quién habla|quién es usted|con quién hablo|soy yo|yo"
    "|mi nombre|nombre|por qué|eh"
)
YES = (
    "claro|claro que sí|sí claro|por supuesto|por supuesto que sí|vale|desde luego|de acuerdo|está bien|creo que sí"
    "|pienso que sí|cómo no|como no|resuelto|está resuelto|sí está resuelto|todo bien|ningún problema|sin problema"
    "|con mucho gusto|perfecto|exactamente|adelante|seguro"
)
NO = (
    "creo que no|no creo|no lo creo|pienso que no|claro que no|por supuesto que no|desde luego que no|todavía no"
    "|aún no|para nada|mejor no|prefiero que no|ni hablar|no gracias|no del todo|no estoy de acuerdo|no está bien"
    "|en absoluto|no vale|qué va"
)
UNSURE = (
    "por qué no|porque no|por qué|no sé|no lo sé|quizá|quizás|tal vez|a lo mejor|sí y no|eso espero|espero que sí"
    "|ya veremos"
)
