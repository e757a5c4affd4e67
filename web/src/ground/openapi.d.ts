// Made by `npm run types --prefix scripts/api-types`; not to be edited.
// Document 03d79500ea22f8373a56451bbea6c54991c088ce3960d1a7d73d5be8cdb44245
// Types b05bb9e6fd9e5ec9840f31f65ed56f71e3301e8db97e5e682d44e63d0b135eee

export interface paths {
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            name: string;
                            username: string | null;
                            /** @enum {string} */
                            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                            jurisdiction: string;
                            police: string | null;
                            rights: string[];
                            display: ("wall" | "map" | "desk") | null;
                            duties: ("password" | "code" | "second-factor")[];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        username: string;
                        password: string;
                        code?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            name: string;
                            username: string | null;
                            /** @enum {string} */
                            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                            jurisdiction: string;
                            police: string | null;
                            rights: string[];
                            display: ("wall" | "map" | "desk") | null;
                            duties: ("password" | "code" | "second-factor")[];
                        };
                    };
                };
            };
        };
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            devices: {
                                kind: string;
                                online: number;
                                offline: number;
                                stale: number;
                                silent: number;
                            }[];
                            messagesPerSecond: number;
                            alerts: {
                                extreme: number;
                                severe: number;
                                moderate: number;
                                minor: number;
                            };
                            faults: {
                                extreme: number;
                                severe: number;
                                moderate: number;
                                minor: number;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["DeviceKind"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jurisdictions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Jurisdiction"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                rule: string;
                                version: number;
                                title: {
                                    en: string;
                                    zh: string;
                                };
                                /** @enum {string} */
                                severity: "extreme" | "severe" | "moderate" | "minor";
                                /** @enum {string} */
                                class: "incident" | "fault" | "system";
                                police?: boolean;
                                kinds: string[];
                                work_order?: boolean;
                                clip?: boolean;
                                procedure?: {
                                    en: string;
                                    zh: string;
                                }[];
                                contacts?: {
                                    name: {
                                        en: string;
                                        zh: string;
                                    };
                                    phone: string;
                                    areas?: string[];
                                }[];
                                condition: {
                                    [key: string]: unknown;
                                };
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    kind?: string;
                    state?: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                    owner?: string;
                    tier?: "police" | "government" | "social";
                    placeType?: string;
                    accessClass?: "public" | "key-site" | "minors";
                    lowLight?: "true" | "false";
                    hlc?: "true" | "false";
                    wdr?: "true" | "false";
                    q?: string;
                    text?: string;
                    jurisdiction?: string;
                    department?: string;
                    health?: "online" | "degraded" | "offline" | "unknown";
                    certificateBefore?: string;
                    police?: string;
                    gbId?: string;
                    tag?: string;
                    parent?: string;
                    below?: string;
                    bbox?: string;
                    polygon?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Device"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        id?: string;
                        kind: string;
                        name: string;
                        jurisdiction?: string;
                        location: {
                            lat: number;
                            lon: number;
                            /**
                             * @default wgs84
                             * @enum {string}
                             */
                            datum?: "wgs84" | "gcj02";
                        };
                        parent?: string | null;
                        cameras?: string[];
                        purpose?: string | null;
                        /** @enum {string} */
                        accessClass?: "public" | "key-site" | "minors";
                        file?: {
                            gbId?: string | null;
                            tier?: ("police" | "government" | "social") | null;
                            placeType?: ("border-checkpoint" | "authority" | "station" | "square" | "stadium" | "business-centre" | "religious" | "campus" | "public-order" | "main-road" | "street" | "residential" | "village" | "park" | "hospital" | "school" | "kindergarten" | "market" | "bank" | "factory" | "construction-site" | "parking-lot" | "tunnel" | "water" | "utility" | "vehicle" | "other") | null;
                            address?: string | null;
                            owner?: string | null;
                            heading?: number | null;
                            mounting?: ("pole" | "gantry" | "wall" | "roof" | "tower" | "ceiling" | "ground" | "vehicle" | "other") | null;
                            heightM?: number | null;
                            lowLight?: boolean | null;
                            hlc?: boolean | null;
                            wdr?: boolean | null;
                            resolution?: string | null;
                            network?: ("police" | "video" | "government" | "internet" | "local") | null;
                            link?: ("fibre" | "copper" | "wifi" | "cellular" | "microwave") | null;
                            storageDays?: number | null;
                            maintainer?: string | null;
                            warrantyEnd?: string | null;
                            power?: ("mains" | "poe" | "solar" | "battery" | "vehicle") | null;
                            circuit?: string | null;
                            pole?: string | null;
                            loginShared?: boolean | null;
                            tags?: string[] | null;
                        };
                        secret?: string;
                        stream?: {
                            url: string;
                            subUrl?: string;
                        } | null;
                        onvif?: {
                            xaddr: string;
                            username: string;
                            password: string;
                            source?: string | null;
                            fingerprint?: string | null;
                        } | null;
                        /**
                         * @default in-service
                         * @enum {string}
                         */
                        state?: "planned" | "installed" | "accepted" | "in-service";
                        confirm?: boolean;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            kind: string;
                            name: string;
                            jurisdiction: string;
                            location: {
                                lat: number;
                                lon: number;
                                /** @enum {string} */
                                datum: "wgs84" | "gcj02";
                            };
                            parent: string | null;
                            cameras: string[];
                            purpose: string | null;
                            /** @enum {string} */
                            accessClass: "public" | "key-site" | "minors";
                            police?: string | null;
                            file: components["schemas"]["DeviceFile"];
                            /** @enum {string} */
                            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                            unit: {
                                id: string;
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                mac: string | null;
                                endpoint: string | null;
                                firmware: string | null;
                                certificate: {
                                    fingerprint: string;
                                    subject: string;
                                    /** Format: date-time */
                                    notAfter: string;
                                } | null;
                            } | null;
                            /** @enum {string} */
                            presence: "not-yet-seen" | "online" | "offline" | "stale";
                            lastSeenAt: string | null;
                            health: {
                                /** @enum {string} */
                                health: "online" | "degraded" | "offline" | "unknown";
                                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                                since: string | null;
                                why: {
                                    en: string;
                                    zh: string;
                                } | null;
                            } | null;
                            version: number;
                            /** Format: date-time */
                            createdAt: string;
                            /** Format: date-time */
                            updatedAt: string;
                            stream: {
                                url: string;
                                subUrl: string | null;
                                login: "***" | null;
                            } | null;
                            onvif: {
                                xaddr: string;
                                source?: string;
                                fingerprint?: string;
                                /** @enum {string} */
                                login: "***";
                            } | null;
                            secret?: string;
                            secretWithheld?: boolean;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/device-facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    kind?: string;
                    state?: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                    owner?: string;
                    tier?: "police" | "government" | "social";
                    placeType?: string;
                    accessClass?: "public" | "key-site" | "minors";
                    lowLight?: "true" | "false";
                    hlc?: "true" | "false";
                    wdr?: "true" | "false";
                    q?: string;
                    text?: string;
                    jurisdiction?: string;
                    department?: string;
                    health?: "online" | "degraded" | "offline" | "unknown";
                    certificateBefore?: string;
                    police?: string;
                    gbId?: string;
                    tag?: string;
                    parent?: string;
                    below?: string;
                    bbox?: string;
                    polygon?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            total: number;
                            kind: {
                                value: string;
                                count: number;
                            }[];
                            state: {
                                value: string;
                                count: number;
                            }[];
                            owner: {
                                value: string;
                                count: number;
                            }[];
                            tier: {
                                value: string;
                                count: number;
                            }[];
                            placeType: {
                                value: string;
                                count: number;
                            }[];
                            accessClass: {
                                value: string;
                                count: number;
                            }[];
                            lowLight: {
                                value: string;
                                count: number;
                            }[];
                            hlc: {
                                value: string;
                                count: number;
                            }[];
                            wdr: {
                                value: string;
                                count: number;
                            }[];
                            health: {
                                value: string;
                                count: number;
                            }[];
                            tag: {
                                value: string;
                                count: number;
                            }[];
                            police: {
                                value: string;
                                count: number;
                            }[];
                            jurisdiction: {
                                value: string;
                                count: number;
                                /** @enum {string} */
                                level: "zone" | "province" | "city" | "county" | "township" | "community";
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    on?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            kind: string;
                            name: string;
                            jurisdiction: string;
                            location: {
                                lat: number;
                                lon: number;
                                /** @enum {string} */
                                datum: "wgs84" | "gcj02";
                            };
                            parent: string | null;
                            cameras: string[];
                            purpose: string | null;
                            /** @enum {string} */
                            accessClass: "public" | "key-site" | "minors";
                            police?: string | null;
                            file: components["schemas"]["DeviceFile"];
                            /** @enum {string} */
                            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                            unit: {
                                id: string;
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                mac: string | null;
                                endpoint: string | null;
                                firmware: string | null;
                                certificate: {
                                    fingerprint: string;
                                    subject: string;
                                    /** Format: date-time */
                                    notAfter: string;
                                } | null;
                            } | null;
                            /** @enum {string} */
                            presence: "not-yet-seen" | "online" | "offline" | "stale";
                            lastSeenAt: string | null;
                            health: {
                                /** @enum {string} */
                                health: "online" | "degraded" | "offline" | "unknown";
                                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                                since: string | null;
                                why: {
                                    en: string;
                                    zh: string;
                                } | null;
                            } | null;
                            version: number;
                            /** Format: date-time */
                            createdAt: string;
                            /** Format: date-time */
                            updatedAt: string;
                            department: {
                                id: string;
                                name: {
                                    zh: string;
                                    en: string | null;
                                };
                                named: string;
                            } | null;
                            setup?: {
                                /** @enum {string} */
                                state: "trying" | "done" | "failed";
                                problem: string | null;
                                hint: string | null;
                                /** Format: date-time */
                                at: string;
                                clockSkewMs: number | null;
                            };
                            otherUnit?: {
                                /** Format: date-time */
                                since: string;
                                differs: ("serial" | "mac" | "endpoint" | "model")[];
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                firmware: string | null;
                                mac: string | null;
                                endpoint: string | null;
                            };
                            events?: {
                                told: boolean;
                                problem: string | null;
                                unknownEvents: number;
                                unknown: {
                                    source: string;
                                    events: number;
                                    /** Format: date-time */
                                    last: string;
                                }[];
                            };
                            stream?: {
                                url: string;
                                subUrl: string | null;
                                login: "***" | null;
                            } | null;
                            onvif?: {
                                xaddr: string;
                                source?: string;
                                fingerprint?: string;
                                /** @enum {string} */
                                login: "***";
                            } | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    fields: string;
                    from: string;
                    to: string;
                    every?: string;
                    fn?: "min" | "max" | "mean" | "last" | "count";
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            points: {
                                /** Format: date-time */
                                at: string;
                                values: {
                                    [key: string]: number | boolean | string | null;
                                };
                            }[];
                            truncated: boolean;
                            /** @enum {string} */
                            source: "raw" | "5m" | "1h";
                            every: string | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            online: boolean;
                            stale: boolean;
                            lastMessageAt: string | null;
                            firmware: string | null;
                            fields: {
                                [key: string]: {
                                    value: number | boolean | string;
                                    /** Format: date-time */
                                    at: string;
                                    /** Format: date-time */
                                    receivedAt: string;
                                };
                            };
                            tagged: {
                                tag: string;
                                values: {
                                    [key: string]: {
                                        [key: string]: {
                                            value: number | boolean | string;
                                            /** Format: date-time */
                                            at: string;
                                            /** Format: date-time */
                                            receivedAt: string;
                                        };
                                    };
                                };
                            } | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    from: string;
                    to: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string | null;
                                type: string;
                                /** Format: date-time */
                                at: string;
                                data: {
                                    [key: string]: unknown;
                                };
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            health: "online" | "degraded" | "offline" | "unknown";
                            cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                            since: string | null;
                            why: {
                                en: string;
                                zh: string;
                            } | null;
                            because: string | null;
                            maintenance: boolean;
                            downtime: {
                                offlineS: number;
                                countedS: number;
                                stretches: {
                                    /** @enum {string} */
                                    what: "offline" | "maintenance";
                                    /** Format: date-time */
                                    from: string;
                                    to: string | null;
                                }[];
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    waiting?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Command"][];
                            next?: string;
                        } | {
                            items: components["schemas"]["CommandPayload"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @default {} */
                        args?: {
                            [key: string]: unknown;
                        };
                        /** Format: date-time */
                        deadline?: string;
                    };
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Command"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/completeness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    from: string;
                    to: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            days: {
                                /** Format: date */
                                day: string;
                                expected: number;
                                received: number;
                                percent: number | null;
                                gaps: {
                                    /** Format: date-time */
                                    from: string;
                                    /** Format: date-time */
                                    to: string;
                                }[];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                device: string;
                                unit: {
                                    id: string;
                                    maker: string | null;
                                    model: string | null;
                                    serial: string | null;
                                    mac: string | null;
                                    firmware: string | null;
                                };
                                /** Format: date-time */
                                from: string;
                                to: string | null;
                                /** @enum {string} */
                                how: "registered" | "assigned" | "swapped" | "taken-down" | "undone";
                                reason: string | null;
                                by: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit: {
                            serial?: string | null;
                            maker?: string | null;
                            model?: string | null;
                            firmware?: string | null;
                            endpoint?: string | null;
                            mac?: string | null;
                        };
                        /** @default null */
                        reason?: string | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Device"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/swap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit: {
                            serial?: string | null;
                            maker?: string | null;
                            model?: string | null;
                            firmware?: string | null;
                            endpoint?: string | null;
                            mac?: string | null;
                        };
                        replaces: string;
                        reason: string;
                    } | {
                        serial: string | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            kind: string;
                            name: string;
                            jurisdiction: string;
                            location: {
                                lat: number;
                                lon: number;
                                /** @enum {string} */
                                datum: "wgs84" | "gcj02";
                            };
                            parent: string | null;
                            cameras: string[];
                            purpose: string | null;
                            /** @enum {string} */
                            accessClass: "public" | "key-site" | "minors";
                            police?: string | null;
                            file: components["schemas"]["DeviceFile"];
                            /** @enum {string} */
                            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                            unit: {
                                id: string;
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                mac: string | null;
                                endpoint: string | null;
                                firmware: string | null;
                                certificate: {
                                    fingerprint: string;
                                    subject: string;
                                    /** Format: date-time */
                                    notAfter: string;
                                } | null;
                            } | null;
                            /** @enum {string} */
                            presence: "not-yet-seen" | "online" | "offline" | "stale";
                            lastSeenAt: string | null;
                            health: {
                                /** @enum {string} */
                                health: "online" | "degraded" | "offline" | "unknown";
                                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                                since: string | null;
                                why: {
                                    en: string;
                                    zh: string;
                                } | null;
                            } | null;
                            version: number;
                            /** Format: date-time */
                            createdAt: string;
                            /** Format: date-time */
                            updatedAt: string;
                            stream: {
                                url: string;
                                subUrl: string | null;
                                login: "***" | null;
                            } | null;
                            onvif: {
                                xaddr: string;
                                source?: string;
                                fingerprint?: string;
                                /** @enum {string} */
                                login: "***";
                            } | null;
                            secret?: string;
                            secretWithheld?: boolean;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/maintenance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                device: string;
                                reason: string;
                                by: string;
                                /** Format: date-time */
                                from: string;
                                /** Format: date-time */
                                until: string;
                                ended: string | null;
                                endedBy: string | null;
                                withheld: number;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                        minutes: number;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            reason: string;
                            by: string;
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            until: string;
                            ended: string | null;
                            endedBy: string | null;
                            withheld: number;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            running: boolean;
                            steps: components["schemas"]["CheckStep"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        order?: string;
                        /** @default false */
                        open?: boolean;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            /** @enum {string} */
                            grade: "ok" | "warning" | "failed";
                            cause: components["schemas"]["CheckStep"] | null;
                            steps: components["schemas"]["CheckStep"][];
                            /** Format: date-time */
                            at: string;
                            tookMs: number;
                            unit: {
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                firmware: string | null;
                                mac: string | null;
                                endpoint: string | null;
                            } | null;
                            shared: boolean;
                            picture: {
                                jpeg: string | null;
                                withheld: string | null;
                            };
                            opened: {
                                order: string;
                                added: boolean;
                            } | null;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            last: components["schemas"]["LoginChange"] | null;
                            secret: components["schemas"]["LoginChange"] | null;
                            kept: {
                                id: number;
                                /** Format: date-time */
                                kept: string;
                                tried: string | null;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/credentials/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        of?: "login" | "secret";
                        /** @enum {string} */
                        account?: "own" | "same";
                        /** @enum {string} */
                        by?: "answer" | "command";
                        overlapMin?: number;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            secret?: string;
                            oldUntil: string | null;
                            secretWithheld?: boolean;
                        };
                    };
                };
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoginChange"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        onvif?: {
                            xaddr: string;
                            username: string;
                            password: string;
                            source?: string | null;
                            fingerprint?: string | null;
                        } | null;
                        stream?: {
                            url: string;
                            subUrl?: string;
                        } | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            grade: "ok" | "warning" | "failed";
                            cause: components["schemas"]["CheckStep"] | null;
                            steps: components["schemas"]["CheckStep"][];
                            /** Format: date-time */
                            at: string;
                            tookMs: number;
                            unit: {
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                firmware: string | null;
                                mac: string | null;
                                endpoint: string | null;
                            } | null;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: {
                    dryRun?: "true" | "false";
                    mode?: "rows" | "whole";
                    fileName?: string;
                };
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/csv": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": unknown;
                    "application/octet-stream": unknown;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            columns: string[];
                            unknownColumns: string[];
                            counts: {
                                create: number;
                                change: number;
                                same: number;
                                error: number;
                            };
                            items: {
                                line: number;
                                id: string | null;
                                /** @enum {string} */
                                verdict: "create" | "change" | "same" | "error";
                                fields: string[];
                                faults: {
                                    column: string | null;
                                    message: string;
                                }[];
                            }[];
                        };
                    };
                };
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Import"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Import"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/imports/{id}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    verdict?: "create" | "change" | "same" | "error" | "conflict";
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                line: number;
                                id: string | null;
                                /** @enum {string} */
                                verdict: "create" | "change" | "same" | "error";
                                fields: string[];
                                faults: {
                                    column: string | null;
                                    message: string;
                                }[];
                                undone: ("undone" | "conflict") | null;
                                why: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/imports/{id}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                secret: string;
                            }[];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discoveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Discovery"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @default true */
                        multicast?: boolean;
                        /** @default 8 */
                        listenS?: number;
                        sweep?: {
                            cidr: string;
                            /**
                             * @default [
                             *       80
                             *     ]
                             */
                            ports?: number[];
                        };
                    } | null;
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Discovery"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discoveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Discovery"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discoveries/{id}/found": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["FoundDevice"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    device?: string;
                    kind?: string;
                    reason?: string;
                    firmware?: string;
                    replayed?: "true" | "false";
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                receipt: string;
                                device: string;
                                kind: string;
                                kindVersion: number;
                                firmware: string | null;
                                jurisdiction: string;
                                index: number | null;
                                reason: string;
                                path: string;
                                value: string;
                                /** Format: date-time */
                                receivedAt: string;
                                replayedAt: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    device?: string;
                    state?: "open" | "taken" | "done" | "verified" | "cancelled";
                    unclosed?: "true";
                    overdue?: "true";
                    assignee?: string;
                    mine?: "true";
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["WorkOrder"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            number: string;
                            device: string;
                            title: string;
                            text: string | null;
                            cause: string | null;
                            /** @enum {string} */
                            state: "open" | "taken" | "done" | "verified" | "cancelled";
                            version: number;
                            assignee: string | null;
                            due: string | null;
                            /** Format: date-time */
                            opened: string;
                            openedBy: string;
                            occurrences: number;
                            /** Format: date-time */
                            last: string;
                            closed: string | null;
                            unitBefore: string;
                            unitAfter: string | null;
                            steps: {
                                /** Format: uuid */
                                id: string;
                                /** @enum {string} */
                                what: "opened" | "came-again" | "changed" | "noted";
                                /** Format: date-time */
                                at: string;
                                by: string;
                                /** @enum {string} */
                                state: "open" | "taken" | "done" | "verified" | "cancelled";
                                version: number;
                                note: string | null;
                            }[];
                            photos: components["schemas"]["SitePhoto"][];
                            swaps: {
                                unit: string;
                                serial: string | null;
                                mac: string | null;
                                /** @enum {string} */
                                how: "registered" | "assigned" | "swapped" | "taken-down" | "undone";
                                /** Format: date-time */
                                at: string;
                                by: string | null;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{number}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    number: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        version?: number;
                        /** @enum {string} */
                        to?: "open" | "taken" | "done" | "verified" | "cancelled";
                        assignee?: string | null;
                        due?: string | null;
                        note?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WorkOrder"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/units": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    serial?: string;
                    mac?: string;
                    id?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                device: string;
                                unit: {
                                    id: string;
                                    maker: string | null;
                                    model: string | null;
                                    serial: string | null;
                                    mac: string | null;
                                    firmware: string | null;
                                };
                                /** Format: date-time */
                                from: string;
                                to: string | null;
                                /** @enum {string} */
                                how: "registered" | "assigned" | "swapped" | "taken-down" | "undone";
                                reason: string | null;
                                by: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    subject?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                seq: number;
                                /** Format: date-time */
                                at: string;
                                caller: {
                                    type: string;
                                    id: string;
                                    name: string;
                                };
                                action: string;
                                subject: string;
                                jurisdiction: string;
                                before: unknown;
                                after: unknown;
                                requestId: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RegisterVerification"];
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never> | null;
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RegisterVerification"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/ptz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PtzStatus"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/ptz/presets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                token: string;
                                name: string;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams/{id}/recordings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    quality?: "main" | "sub";
                    from: string;
                    to: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingTimeline"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/walls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["CameraWall"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        layout: 1 | 4 | 9 | 16;
                        cameras: string[];
                        /** @default false */
                        shared?: boolean;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CameraWall"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/walls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CameraWall"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete: {
            parameters: {
                query?: never;
                header: {
                    "if-match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header: {
                    "if-match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name?: string;
                        layout?: 1 | 4 | 9 | 16;
                        cameras?: string[];
                        shared?: boolean;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CameraWall"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/map/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            truncated: boolean;
                            kinds: string[];
                            areas: string[];
                            healths: ("online" | "degraded" | "offline" | "unknown")[];
                            id: string[];
                            name: (string | null)[];
                            lon: number[];
                            lat: number[];
                            kind: number[];
                            area: number[];
                            health: number[];
                            alerts: {
                                device: number[];
                                worst: ("extreme" | "severe" | "moderate" | "minor")[];
                                open: number[];
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/map/moving": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string[];
                            lon: number[];
                            lat: number[];
                            atMs: number[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/map/base": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            city: boolean;
                            tiles: {
                                /** @enum {string} */
                                datum: "wgs84" | "gcj02";
                                zoomMax: number;
                                attribution: string | null;
                            } | null;
                            outlines: boolean;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    open?: "true" | "false";
                    handling?: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
                    condition?: "active" | "recovering" | "cleared" | "stale";
                    visibility?: "normal" | "silenced" | "inhibited" | "shelved" | "test";
                    severity?: "extreme" | "severe" | "moderate" | "minor";
                    class?: "incident" | "fault" | "system";
                    desk?: "police" | "maintenance" | "all";
                    rule?: string;
                    device?: string;
                    incident?: string;
                    jurisdiction?: string;
                    kind?: string;
                    from?: string;
                    to?: string;
                    mine?: "true" | "false";
                    parts?: "true" | "false";
                    storm?: string;
                    level?: "station" | "county" | "city";
                    police?: string;
                    order?: "newest" | "urgency";
                    plates?: "masked" | "whole";
                    purpose?: string;
                    case?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Alert"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    plates?: "masked" | "whole";
                    purpose?: string;
                    case?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                /** Format: date-time */
                                at: string;
                                actor: string;
                                /** @enum {string} */
                                type: "alert.opened" | "alert.updated" | "alert.cleared" | "alert.stale" | "alert.left" | "alert.arrived" | "alert.evidence" | "alert.acked" | "alert.unacked" | "alert.escalated" | "alert.assigned" | "alert.dispatched" | "alert.on_scene" | "alert.feedback" | "alert.commented" | "alert.shelved" | "alert.silenced" | "alert.merged" | "alert.split" | "alert.closed" | "alert.reopened" | "alert.receipt";
                                severity: string;
                                condition: string | null;
                                handling: string | null;
                                visibility: string | null;
                                verdict: string | null;
                                assignedTo: string | null;
                                unit: string | null;
                                level: string | null;
                                occurrences: number;
                                text: string | null;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/near": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    within?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                distanceM: number | null;
                                alert: components["schemas"]["Alert"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/rule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            rule: string;
                            version: number | null;
                            condition: {
                                [key: string]: unknown;
                            } | null;
                            procedure: {
                                en: string;
                                zh: string;
                            }[];
                            contacts: {
                                name: {
                                    en: string;
                                    zh: string;
                                };
                                phone: string;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        minutes?: number;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        to: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/comment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/dispatch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/arrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit?: string;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/shelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        minutes: number;
                        reason: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/unshelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never> | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        verdict: "confirmed" | "false_positive" | "misread_plate" | "duplicate" | "drill" | "no_action";
                        text?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * @default masked
                         * @enum {string}
                         */
                        plates?: "masked" | "whole";
                        purpose?: string;
                        case?: string;
                    };
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingExport"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recording-exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RecordingExport"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        cameras: string[];
                        /**
                         * @default main
                         * @enum {string}
                         */
                        quality?: "main" | "sub";
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        purpose?: string;
                        case?: string;
                    };
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingExport"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recording-exports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: uuid */
                            id: string;
                            alert: string | null;
                            plates: ("masked" | "whole") | null;
                            cameras: {
                                id: string;
                                name: string;
                                jurisdiction: string;
                            }[];
                            quality: ("main" | "sub") | null;
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            to: string;
                            purpose: string;
                            case: string | null;
                            askedBy: {
                                type: string;
                                id: string;
                                name: string;
                                /** Format: date-time */
                                at: string;
                            };
                            approvedBy: {
                                type: string;
                                id: string;
                                name: string;
                                /** Format: date-time */
                                at: string;
                            } | null;
                            /** @enum {string} */
                            state: "asked" | "copying" | "ready" | "failed" | "removed";
                            detail: string | null;
                            bytes: number;
                            manifestSha256: string | null;
                            url: string | null;
                            expiresAt: string | null;
                            files: number;
                            filesDone: number;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    state?: "open" | "closed";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Incident"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        title: string;
                        alerts: string[];
                        takes?: {
                            rule?: string;
                            kind?: string;
                            device?: string;
                        };
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        alerts: string[];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        alerts: string[];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    ended?: "true" | "false";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Silence"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        jurisdiction: string;
                        police?: string | null;
                        rule?: string;
                        kind?: string;
                        device?: string;
                        /** Format: date-time */
                        startsAt?: string;
                        /** Format: date-time */
                        endsAt: string;
                        repeats?: {
                            /** @default all */
                            days?: ("all" | "workdays" | "days-off") | ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                            from: string;
                            to: string;
                        }[];
                        reason: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Silence"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        jurisdiction: string;
                        police?: string | null;
                        rule?: string;
                        kind?: string;
                        device?: string;
                        /** Format: date-time */
                        startsAt?: string;
                        /** Format: date-time */
                        endsAt?: string;
                        repeats?: {
                            /** @default all */
                            days?: ("all" | "workdays" | "days-off") | ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                            from: string;
                            to: string;
                        }[];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            hides: number;
                            leaves: number;
                            alerts: components["schemas"]["Alert"][];
                            windows: {
                                /** Format: date-time */
                                from: string;
                                /** Format: date-time */
                                to: string;
                            }[];
                            lastWeek: number | null;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/passages/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        plate?: string;
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                        devices?: string[];
                        jurisdiction?: string;
                        purpose?: string;
                        case?: string;
                        /** @default false */
                        full?: boolean;
                        /** @default 100 */
                        limit?: number;
                        cursor?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                device: string;
                                event: string;
                                /** Format: date-time */
                                at: string;
                                /** Format: date-time */
                                receivedAt: string;
                                clock: string;
                                id: string | null;
                                receipt: string;
                                plate: string | null;
                                data: {
                                    [key: string]: unknown;
                                };
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/watchlists": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    ended?: "true" | "false";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Watchlist"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        jurisdiction: string;
                        reason: string;
                        case: string;
                        order?: {
                            unit: string;
                            officer: string;
                            phone: string;
                            /** @enum {string} */
                            category: "wanted-person" | "stolen-vehicle" | "hit-and-run" | "cloned-plate" | "drug-case" | "terror-case" | "missing-person" | "overdue-vehicle" | "other";
                            level: number;
                            /** @enum {string} */
                            handling: "intercept" | "covert";
                            /** @default [] */
                            named?: string[];
                            /** @default false */
                            emergency?: boolean;
                            /** Format: date-time */
                            from?: string;
                            /** Format: date-time */
                            until: string;
                        };
                        entries?: {
                            plate: string;
                            /** @enum {string} */
                            colour?: "blue" | "yellow" | "green" | "yellow-green" | "white" | "black";
                            reason: string;
                            /** Format: date-time */
                            validUntil?: string;
                        }[];
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            entries: number;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/watchlists/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Watchlist"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/watchlists/{id}/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                plate: string;
                                colour: string | null;
                                reason: string;
                                validUntil: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/watchlists/{id}/hits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["ListedHit"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/hit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Hit"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    open?: "true" | "false";
                    handling?: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
                    condition?: "active" | "recovering" | "cleared" | "stale";
                    visibility?: "normal" | "silenced" | "inhibited" | "shelved" | "test";
                    severity?: "extreme" | "severe" | "moderate" | "minor";
                    class?: "incident" | "fault" | "system";
                    desk?: "police" | "maintenance" | "all";
                    rule?: string;
                    device?: string;
                    incident?: string;
                    jurisdiction?: string;
                    kind?: string;
                    from?: string;
                    to?: string;
                    mine?: "true" | "false";
                    parts?: "true" | "false";
                    storm?: string;
                    level?: "station" | "county" | "city";
                    police?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            all: number;
                            severity: {
                                [key: string]: number;
                            };
                            handling: {
                                [key: string]: number;
                            };
                            condition: {
                                [key: string]: number;
                            };
                            visibility: {
                                [key: string]: number;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                jurisdiction: string;
                                police: string | null;
                                /** @enum {string} */
                                level: "station" | "county" | "city";
                                /** @enum {string} */
                                state: "manned" | "silent" | "empty";
                                shift: string | null;
                                people: string[];
                                until: string | null;
                                lastSignAt: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    jurisdiction?: string;
                    police?: string | null;
                    can?: "alerts.handle" | "faults.handle" | "watchlists.approve" | "watchlists.confirm";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                username: string;
                                name: string;
                                /** @enum {string} */
                                role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                                jurisdiction: string;
                                onDuty: boolean;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty/hand-overs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                fromShift: string;
                                toShift: string;
                                jurisdiction: string;
                                police: string | null;
                                note: string;
                                open: number;
                                givenBy: string;
                                /** Format: date-time */
                                givenAt: string;
                                takenBy: string | null;
                                takenAt: string | null;
                                version: number;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty/hand-overs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HandOver"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/alert-times": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                    class?: "incident" | "fault" | "system";
                    desk?: "police" | "maintenance" | "all";
                    limit?: number;
                    cursor?: string;
                    format?: "json" | "csv";
                    titles?: "en" | "zh";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                jurisdiction: string;
                                alerts: number;
                                steps: {
                                    [key: string]: {
                                        alerts: number;
                                        meanMs: number | null;
                                        medianMs: number | null;
                                    };
                                };
                            }[];
                            next?: string;
                        };
                        "text/csv": unknown;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/rule-precision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                    class?: "incident" | "fault" | "system";
                    desk?: "police" | "maintenance" | "all";
                    limit?: number;
                    cursor?: string;
                    format?: "json" | "csv";
                    titles?: "en" | "zh";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                rule: string;
                                alerts: number;
                                right: number;
                                wrong: number;
                                precision: number | null;
                            }[];
                            next?: string;
                        };
                        "text/csv": unknown;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/recording": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                    below?: number;
                    jurisdiction?: string;
                    device?: string;
                    limit?: number;
                    cursor?: string;
                    format?: "json" | "csv";
                    titles?: "en" | "zh";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                day: string;
                                device: string;
                                name: string;
                                jurisdiction: string;
                                expectedS: number;
                                recordedS: number;
                                edgeS: number;
                                percent: number | null;
                                holes: number;
                                longestHoleS: number;
                                cause: string | null;
                                oldestDay: string | null;
                                /** @enum {string} */
                                class: "public" | "key-site" | "minors";
                                leastDays: number;
                                oldestUnpinnedDay: string | null;
                                isRemovedEarly: boolean;
                                pinnedS: number;
                            }[];
                            next?: string;
                            from: string;
                            to: string;
                            sum: {
                                cameras: number;
                                expectedS: number;
                                recordedS: number;
                                edgeS: number;
                                percent: number | null;
                            };
                        };
                        "text/csv": unknown;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["User"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        username: string;
                        name: string;
                        /** @enum {string} */
                        role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                        jurisdiction: string;
                        police?: string | null;
                        password: string;
                        oneTime?: boolean;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header: {
                    "if-match": string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name?: string;
                        /** @enum {string} */
                        role?: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                        jurisdiction?: string;
                        police?: string | null;
                        password?: string;
                        disabled?: boolean;
                        oneTime?: boolean;
                        /** @enum {boolean} */
                        forgetSecondFactor?: true;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/users/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        username: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            code: string;
                            /** Format: date-time */
                            until: string;
                            username: string;
                            name: string;
                            /** @enum {string} */
                            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                            jurisdiction: string;
                            createdBy: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/names": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["PersonName"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                name: string;
                                /** @enum {string} */
                                role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                                jurisdiction: string;
                                police: string | null;
                                purpose: string | null;
                                createdBy: string;
                                /** Format: date-time */
                                createdAt: string;
                                expiresAt: string | null;
                                revokedAt: string | null;
                                version: number;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                        jurisdiction: string;
                        police?: string | null;
                        purpose?: string;
                        /** Format: date-time */
                        expiresAt?: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            token?: string;
                            secretWithheld?: boolean;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/displays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Display"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        view: "wall" | "map" | "desk";
                        jurisdiction: string;
                        police?: string | null;
                        address: string;
                        /** Format: uuid */
                        wall?: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            token?: string;
                            secretWithheld?: boolean;
                            /** Format: date-time */
                            until: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/display": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            /** @enum {string} */
                            view: "wall" | "map" | "desk";
                            wall: {
                                layout: number;
                                cameras: {
                                    id: string;
                                    name: string;
                                }[];
                            } | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        token: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            view: "wall" | "map" | "desk";
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                name: string;
                                type: string;
                                target: {
                                    [key: string]: unknown;
                                };
                                url: string | null;
                                jurisdiction: string;
                                police: string | null;
                                severities: string[];
                                /** @enum {string} */
                                level: "station" | "county" | "city";
                                rules: string[] | null;
                                departments: string[] | null;
                                classes: ("incident" | "fault" | "system")[] | null;
                                /** @enum {string} */
                                state: "active" | "disabled" | "removed";
                                stateReason: string | null;
                                createdBy: string;
                                /** Format: date-time */
                                createdAt: string;
                                previousSecretUntil: string | null;
                                version: number;
                                owner: string;
                                ownerless: boolean;
                                lastStatus: number | null;
                                lastError: string | null;
                                counts: {
                                    [key: string]: number;
                                };
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @enum {string} */
                        type?: "webhook";
                        target?: {
                            [key: string]: unknown;
                        } | {
                            url: string;
                            secret?: string;
                        };
                        url?: string;
                        secret?: string;
                        jurisdiction: string;
                        police?: string | null;
                        severities?: ("extreme" | "severe" | "moderate" | "minor")[];
                        classes?: ("incident" | "fault" | "system")[];
                        confirms?: boolean;
                        rules?: string[];
                        departments?: string[];
                        /** @enum {string} */
                        level?: "station" | "county" | "city";
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            name: string;
                            type: string;
                            target: {
                                [key: string]: unknown;
                            };
                            url: string | null;
                            jurisdiction: string;
                            police: string | null;
                            severities: string[];
                            /** @enum {string} */
                            level: "station" | "county" | "city";
                            rules: string[] | null;
                            departments: string[] | null;
                            classes: ("incident" | "fault" | "system")[] | null;
                            /** @enum {string} */
                            state: "active" | "disabled" | "removed";
                            stateReason: string | null;
                            createdBy: string;
                            /** Format: date-time */
                            createdAt: string;
                            previousSecretUntil: string | null;
                            version: number;
                            secret?: string;
                            secretWithheld?: boolean;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        judge?: boolean;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            outcome: "taken" | "failed" | "gone";
                            status: number | null;
                            reason: string | null;
                            checks?: {
                                /** @enum {string} */
                                name: "taken" | "again" | "wrong-signature" | "no-signature" | "changed-body" | "old-timestamp";
                                /** @enum {string} */
                                verdict: "passed" | "failed" | "unclear";
                                status: number | null;
                                says: string;
                            }[];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        secret?: string;
                        /** @default 24 */
                        overlapHours?: number;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            secret?: string;
                            secretWithheld?: boolean;
                            /** Format: date-time */
                            previousUntil: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                webhookId: string;
                                alert: string;
                                attempts: number;
                                /** Format: date-time */
                                raisedAt: string;
                                lastStatus: number | null;
                                lastError: string | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never> | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            count: number;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event-sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                name: string;
                                jurisdiction: string;
                                /** @enum {string} */
                                severityMax: "extreme" | "severe" | "moderate" | "minor";
                                createdBy: string;
                                /** Format: date-time */
                                createdAt: string;
                                version: number;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        jurisdiction: string;
                        /**
                         * @default severe
                         * @enum {string}
                         */
                        severityMax?: "extreme" | "severe" | "moderate" | "minor";
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            name: string;
                            jurisdiction: string;
                            /** @enum {string} */
                            severityMax: "extreme" | "severe" | "moderate" | "minor";
                            createdBy: string;
                            /** Format: date-time */
                            createdAt: string;
                            version: number;
                            routingKey?: string;
                            secretWithheld?: boolean;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                    rule?: string;
                    state?: "asked" | "in-force" | "replaced" | "rejected";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RuleVersion"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    rule: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            rule: string;
                            version: number;
                            yaml: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/recordings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RuleRecording"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/dry-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RuleDryRun"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        yaml: string;
                        /** Format: date-time */
                        from?: string;
                        /** Format: date-time */
                        to?: string;
                        recording?: string;
                    };
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RuleDryRun"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules/dry-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RuleDryRun"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/duty/shifts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    from?: string;
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["DutyShift"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        jurisdiction: string;
                        police?: string | null;
                        people: string[];
                        /** Format: date-time */
                        startsAt: string;
                        /** Format: date-time */
                        endsAt: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DutyShift"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                reason: string;
                                kind: string;
                                firmware: string | null;
                                count: number;
                                devices: number;
                                /** Format: date-time */
                                firstAt: string;
                                /** Format: date-time */
                                lastAt: string;
                                example: {
                                    id: string;
                                    receipt: string;
                                    device: string;
                                    kind: string;
                                    kindVersion: number;
                                    firmware: string | null;
                                    jurisdiction: string;
                                    index: number | null;
                                    reason: string;
                                    path: string;
                                    value: string;
                                    /** Format: date-time */
                                    receivedAt: string;
                                    replayedAt: string | null;
                                } | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ids?: string[];
                        group?: {
                            reason: string;
                            kind: string;
                            firmware: string | null;
                        };
                        limit?: number;
                        cursor?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            replayed: string[];
                            skipped: {
                                id: string;
                                reason: string;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/kinds/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        yaml: string;
                        /** @default 24 */
                        hours?: number;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            kind: string;
                            version: number;
                            /** @enum {string} */
                            codec: "json" | "cbor";
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            to: string;
                            complete: boolean;
                            messages: number;
                            before: {
                                decoded: number;
                                deadLettered: number;
                            };
                            after: {
                                decoded: number;
                                deadLettered: number;
                            };
                            valuesChanged: number;
                            reasons: {
                                reason: string;
                                path: string;
                                before: number;
                                after: number;
                            }[];
                            differences: {
                                receipt: string;
                                device: string;
                                index: number | null;
                                before: string;
                                after: string;
                            }[];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access-register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    device?: string;
                    viewer?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                seq: number;
                                /** Format: date-time */
                                at: string;
                                viewer: {
                                    type: string;
                                    id: string;
                                    name: string;
                                };
                                /** @enum {string} */
                                act: "view" | "snapshot" | "evidence" | "image" | "photo" | "plates" | "register" | "audit" | "ptz";
                                device: string | null;
                                jurisdiction: string;
                                purpose: string;
                                case: string | null;
                                asked?: {
                                    [key: string]: unknown;
                                } | null;
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    epoch?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            asOf: string[];
                            balanced: boolean;
                            epoch: {
                                id: string;
                                /** Format: date-time */
                                since: string;
                                /** @enum {string} */
                                countedBy: "journal" | "ledger";
                            };
                            epochs: {
                                id: string;
                                /** Format: date-time */
                                since: string;
                                /** @enum {string} */
                                countedBy: "journal" | "ledger";
                            }[];
                            rows: {
                                kind: string;
                                jurisdiction: string;
                                messages: {
                                    total: number;
                                    deadLettered: number;
                                    waiting: number;
                                    decoded: number;
                                };
                                records: {
                                    total: number;
                                    deadLettered: number;
                                    waiting: number;
                                    stored: number;
                                    duplicate: number;
                                };
                                difference: number;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    id?: string;
                    device?: string;
                    from?: string;
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                receipt: string;
                                device: string;
                                uplink: string;
                                channel: string;
                                /** Format: date-time */
                                receivedAt: string;
                                stages: {
                                    stage: string;
                                    outcome: string;
                                    detail?: string;
                                    /** Format: date-time */
                                    at?: string;
                                }[];
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/disks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RecordingDisk"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        directory: string;
                        /** @default false */
                        confirm?: boolean;
                    };
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recordings/disks/{name}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        from?: string | null;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            files: number;
                            adopted: number;
                            missing: number;
                            back: number;
                            strangers: number;
                            next: string | null;
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alert: {
            id: string;
            dedupKey: string;
            rule: string;
            title: {
                en: string;
                zh: string;
            };
            /** @enum {string} */
            severity: "extreme" | "severe" | "moderate" | "minor";
            /** @enum {string} */
            class: "incident" | "fault" | "system";
            /** @enum {string} */
            desk: "police" | "maintenance";
            /** @enum {string} */
            condition: "active" | "recovering" | "cleared" | "stale";
            conditionReason: string | null;
            /** @enum {string} */
            handling: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
            /** @enum {string} */
            visibility: "normal" | "silenced" | "inhibited" | "shelved" | "test";
            hidden: {
                by: string;
                until: string | null;
                reason: string | null;
            } | null;
            /** @enum {string} */
            audience: "everyone" | "confirming" | "named";
            verdict: string | null;
            subject: {
                type: string;
                id: string;
                name: string;
            };
            device: string | null;
            deviceName: string | null;
            jurisdiction: string;
            location: {
                lat: number;
                lon: number;
            } | null;
            police: string | null;
            departments: string[];
            /** Format: date-time */
            firstAt: string;
            /** Format: date-time */
            lastAt: string;
            occurrences: number;
            data: {
                [key: string]: unknown;
            };
            evidence: {
                id: string;
                /** @enum {string} */
                type: "picture" | "clip" | "unavailable";
                camera: string | null;
                /** Format: date-time */
                takenAt: string;
                ageMs: number | null;
                endsAt: string | null;
                sha256: string | null;
                url: string | null;
                reason: string | null;
            }[];
            comments: {
                by: string;
                /** Format: date-time */
                at: string;
                text: string;
            }[];
            ackedBy: string | null;
            ackedById: string | null;
            ackedAt: string | null;
            ackUntil: string | null;
            assignedTo: string | null;
            unit: string | null;
            dispatchedAt: string | null;
            arrivedAt: string | null;
            incident: string | null;
            closedBy: string | null;
            closedAt: string | null;
            previousId: string | null;
            receipt: string;
            storm: string | null;
            stormCount: number;
            /** @enum {string} */
            level: "station" | "county" | "city";
            climbsAt: string | null;
            exercise: boolean;
            exerciseEndsAt: string | null;
            cases: {
                number: string;
                by: string;
                /** Format: date-time */
                at: string;
            }[];
            stamps: {
                deviceAt: string | null;
                /** Format: date-time */
                receivedAt: string;
                /** Format: date-time */
                decidedAt: string;
                /** Format: date-time */
                committedAt: string;
            };
            version: number;
        };
        CameraWall: {
            name: string;
            layout: 1 | 4 | 9 | 16;
            cameras: string[];
            shared: boolean;
            /** Format: uuid */
            id: string;
            own: boolean;
            owner: string;
            jurisdiction: string;
            /** Format: date-time */
            updatedAt: string;
            version: number;
        };
        CheckStep: {
            name: string;
            /** @enum {string} */
            grade: "ok" | "warning" | "failed" | "not-tried";
            seen: string | null;
            problem: string | null;
            hint: string | null;
            tookMs: number;
        };
        Command: {
            id: string;
            device: string;
            name: string;
            args: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            state: "queued" | "sent" | "delivered" | "answered" | "failed" | "expired";
            by: {
                type: string;
                id: string;
                name: string;
            };
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            deadline: string;
            sends: number;
            sentAt: string | null;
            deliveredAt: string | null;
            settledAt: string | null;
            reply: {
                ok: boolean;
                result: unknown;
                cut: boolean;
                late: boolean;
                /** Format: date-time */
                at: string;
                receipt: string;
            } | null;
        };
        CommandPayload: {
            id: string;
            name: string;
            args: {
                [key: string]: unknown;
            };
            deadline: number;
        };
        Device: {
            id: string;
            kind: string;
            name: string;
            jurisdiction: string;
            location: {
                lat: number;
                lon: number;
                /** @enum {string} */
                datum: "wgs84" | "gcj02";
            };
            parent: string | null;
            cameras: string[];
            purpose: string | null;
            /** @enum {string} */
            accessClass: "public" | "key-site" | "minors";
            police?: string | null;
            file: components["schemas"]["DeviceFile"];
            /** @enum {string} */
            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
            unit: {
                id: string;
                maker: string | null;
                model: string | null;
                serial: string | null;
                mac: string | null;
                endpoint: string | null;
                firmware: string | null;
                certificate: {
                    fingerprint: string;
                    subject: string;
                    /** Format: date-time */
                    notAfter: string;
                } | null;
            } | null;
            /** @enum {string} */
            presence: "not-yet-seen" | "online" | "offline" | "stale";
            lastSeenAt: string | null;
            health: {
                /** @enum {string} */
                health: "online" | "degraded" | "offline" | "unknown";
                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                since: string | null;
                why: {
                    en: string;
                    zh: string;
                } | null;
            } | null;
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        DeviceFile: {
            gbId?: string;
            /** @enum {string} */
            tier?: "police" | "government" | "social";
            placeType?: string;
            address?: string;
            owner?: string;
            heading?: number;
            /** @enum {string} */
            mounting?: "pole" | "gantry" | "wall" | "roof" | "tower" | "ceiling" | "ground" | "vehicle" | "other";
            heightM?: number;
            lowLight?: boolean;
            hlc?: boolean;
            wdr?: boolean;
            resolution?: string;
            /** @enum {string} */
            network?: "police" | "video" | "government" | "internet" | "local";
            /** @enum {string} */
            link?: "fibre" | "copper" | "wifi" | "cellular" | "microwave";
            storageDays?: number;
            maintainer?: string;
            /** Format: date */
            warrantyEnd?: string;
            /** @enum {string} */
            power?: "mains" | "poe" | "solar" | "battery" | "vehicle";
            circuit?: string;
            pole?: string;
            loginShared?: boolean;
            tags?: string[];
        };
        DeviceKind: {
            kind: string;
            version: number;
            title: {
                en: string;
                zh: string;
            };
            stream: boolean;
            hangsOn?: string[];
            /** @enum {string} */
            codec: "json" | "cbor";
            periodS: number;
            staleAfterS: number;
            fields: {
                [key: string]: components["schemas"]["Field"];
            };
            events: {
                [key: string]: {
                    title?: {
                        en: string;
                        zh: string;
                    };
                    fields: {
                        [key: string]: components["schemas"]["Field"];
                    };
                    required: string[];
                };
            };
            commands: {
                [key: string]: {
                    title?: {
                        en: string;
                        zh: string;
                    };
                    args: {
                        [key: string]: components["schemas"]["Field"];
                    };
                    required: string[];
                    timeoutS: number;
                    expiresS: number;
                    /** @enum {string} */
                    role: "technician" | "operator" | "admin" | "gateway";
                };
            };
        };
        Discovery: {
            id: string;
            by: string;
            /** @enum {string} */
            state: "waiting" | "running" | "done" | "cancelled";
            multicast: boolean;
            probed: boolean;
            interfaces: number | null;
            cidr: string | null;
            ports: number[];
            addresses: number;
            asked: number;
            found: number;
            dropped: number;
            malformed: number;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
        };
        Display: {
            id: string;
            name: string;
            /** @enum {string} */
            view: "wall" | "map" | "desk";
            jurisdiction: string;
            police: string | null;
            address: string;
            wall: string | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            begunAt: string | null;
            tokenUntil: string | null;
            revokedAt: string | null;
            version: number;
        };
        DutyShift: {
            id: string;
            jurisdiction: string;
            police: string | null;
            /** @enum {string} */
            level: "station" | "county" | "city";
            people: string[];
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            createdBy: string;
            version: number;
        };
        Field: {
            title?: {
                en: string;
                zh: string;
            };
            /** @enum {string} */
            type: "number" | "integer" | "boolean" | "text" | "enum" | "list";
            unit?: string | null;
            min?: number;
            max?: number;
            precision?: number;
            maxLength?: number;
            maxItems?: number;
            sensitive?: string;
            tag?: boolean;
            values?: string[];
        };
        FoundDevice: {
            door: string;
            address: string;
            xaddr: string;
            /** @enum {string} */
            how: "probe" | "hello" | "sweep";
            endpoint: string | null;
            maker: string | null;
            model: string | null;
            name: string | null;
            serial: string | null;
            firmware: string | null;
            /** @enum {string} */
            answer: "told" | "login" | "silent";
            gone: boolean;
            /** Format: date-time */
            foundAt: string;
            /** @enum {string} */
            registered: "no" | "address" | "serial";
            devices: string[];
        };
        HandOver: {
            id: string;
            fromShift: string;
            toShift: string;
            jurisdiction: string;
            police: string | null;
            note: string;
            open: number;
            givenBy: string;
            /** Format: date-time */
            givenAt: string;
            takenBy: string | null;
            takenAt: string | null;
            version: number;
            items: {
                alert: string;
                /** @enum {string} */
                handling: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
                /** @enum {string} */
                visibility: "normal" | "silenced" | "inhibited" | "shelved" | "test";
                held: boolean;
                now: {
                    title: {
                        en: string;
                        zh: string;
                    };
                    /** @enum {string} */
                    severity: "extreme" | "severe" | "moderate" | "minor";
                    subject: string;
                    /** Format: date-time */
                    firstAt: string;
                    /** @enum {string} */
                    handling: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
                    assignedTo: string | null;
                } | null;
            }[];
            left: string[] | null;
        };
        Hit: {
            alert: string;
            /** @enum {string} */
            state: "raised" | "signed" | "confirmed" | "refuted" | "ordered" | "reported";
            candidate: boolean;
            historical: boolean;
            covert: boolean;
            escalated: number;
            /** Format: date-time */
            raisedAt: string;
            steps: {
                /** @enum {string} */
                step: "signed" | "confirmed" | "refuted" | "ordered" | "reported";
                by: string;
                /** Format: date-time */
                at: string;
                afterS: number;
                text: string | null;
            }[];
        };
        Import: {
            id: string;
            by: string;
            fileName: string | null;
            change: {
                [key: string]: unknown;
            } | null;
            /** @enum {string} */
            mode: "rows" | "whole";
            /** @enum {string} */
            state: "planned" | "waiting" | "done" | "refused" | "undoing" | "undone";
            rows: number;
            done: number;
            unknownColumns: string[];
            counts: {
                create: number;
                change: number;
                same: number;
                error: number;
            };
            undone: number;
            conflicts: number;
            secretsWaiting: number;
            secretsTakenAt: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
        };
        Incident: {
            id: string;
            title: string;
            /** @enum {string} */
            state: "open" | "closed";
            jurisdiction: string;
            police: string | null;
            takes: {
                rule: string | null;
                kind: string | null;
                device: string | null;
            } | null;
            openedBy: string;
            /** Format: date-time */
            openedAt: string;
            closedBy: string | null;
            closedAt: string | null;
            alerts: number;
            version: number;
        };
        Jurisdiction: {
            code: string;
            name: {
                zh: string;
                en: string;
            };
            parent: string | null;
            validFrom: string | null;
            validTo: string | null;
            successor: string | null;
            members: string[];
            hasBounds: boolean;
            positions: number;
        };
        ListedHit: {
            alert: string;
            /** @enum {string} */
            state: "raised" | "signed" | "confirmed" | "refuted" | "ordered" | "reported";
            candidate: boolean;
            historical: boolean;
            covert: boolean;
            escalated: number;
            /** Format: date-time */
            raisedAt: string;
            steps: {
                /** @enum {string} */
                step: "signed" | "confirmed" | "refuted" | "ordered" | "reported";
                by: string;
                /** Format: date-time */
                at: string;
                afterS: number;
                text: string | null;
            }[];
            plate: string;
            place: string;
            jurisdiction: string;
            /** @enum {string} */
            severity: "extreme" | "severe" | "moderate" | "minor";
            /** @enum {string} */
            handling: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
        };
        LoginChange: {
            id: string;
            device: string;
            /** @enum {string} */
            state: "running" | "changed" | "unchanged" | "lost";
            problem: string | null;
            steps: components["schemas"]["CheckStep"][];
            by: string;
            /** Format: date-time */
            began: string;
            ended: string | null;
        };
        PersonName: {
            id: string;
            username: string;
            name: string;
        };
        PtzStatus: {
            home: string | null;
            idleS: number;
            maxSpeed: number;
            holder: {
                name: string;
                rank: number;
                /** Format: date-time */
                since: string;
                /** Format: date-time */
                until: string;
            } | null;
            takenOver: {
                by: string;
                /** Format: date-time */
                at: string;
            } | null;
        };
        RecordingDisk: {
            name: string;
            directory: string;
            /** @enum {string} */
            use: "active" | "draining";
            problem: string | null;
            freeBytes: number | null;
            queueBytes: number;
            files: number;
        };
        RecordingExport: {
            /** Format: uuid */
            id: string;
            alert: string | null;
            plates: ("masked" | "whole") | null;
            cameras: {
                id: string;
                name: string;
                jurisdiction: string;
            }[];
            quality: ("main" | "sub") | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            purpose: string;
            case: string | null;
            askedBy: {
                type: string;
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
            };
            approvedBy: {
                type: string;
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
            } | null;
            /** @enum {string} */
            state: "asked" | "copying" | "ready" | "failed" | "removed";
            detail: string | null;
            bytes: number;
            manifestSha256: string | null;
            url: string | null;
            expiresAt: string | null;
        };
        RecordingTimeline: {
            stretches: {
                /** Format: date-time */
                from: string;
                /** Format: date-time */
                to: string;
                bytes: number;
                files: number;
                /** @enum {string} */
                source: "gateway" | "edge";
            }[];
            gaps: {
                /** Format: date-time */
                from: string;
                to: string | null;
                /** @enum {string} */
                cause: "camera" | "gateway" | "disk-slow" | "disk-failed" | "disk-full" | "disk-away" | "file-lost" | "not-planned" | "stream";
                detail: string | null;
                edge: {
                    /** @enum {string} */
                    state: "nothing" | "no-storage" | "failed";
                    detail: string | null;
                } | null;
            }[];
            alerts: {
                id: string;
                /** Format: date-time */
                at: string;
                /** Format: date-time */
                lastAt: string;
                rule: string;
                title: {
                    en: string;
                    zh: string;
                };
                /** @enum {string} */
                severity: "extreme" | "severe" | "moderate" | "minor";
                condition: string;
                handling: string;
            }[];
            events: {
                id: string | null;
                /** Format: date-time */
                at: string;
                type: string;
                data: {
                    [key: string]: unknown;
                };
            }[] | null;
            more: boolean;
        };
        RegisterVerification: {
            /** @enum {string} */
            state: "running" | "done" | "failed";
            /** Format: date-time */
            begunAt: string;
            endedAt: string | null;
            checked: number;
            total: number;
            holds: boolean | null;
            checkpoints: {
                read: number;
                faults: string[];
            };
            registers: {
                /** @enum {string} */
                register: "audit" | "access";
                rows: number;
                prunedTo: number | null;
                unsealed: number;
                head: string;
                vouched: {
                    rows: number;
                    /** Format: date-time */
                    at: string;
                } | null;
                holds: boolean;
                faults: {
                    /** @enum {string} */
                    code: "changed" | "missing" | "cut" | "rewritten" | "prune-forged" | "prune-early";
                    row: number;
                    text: string | null;
                }[];
            }[];
            reason: string | null;
        };
        RuleDryRun: {
            id: string;
            rule: string;
            version: number;
            /** @enum {string} */
            state: "running" | "done" | "cancelled";
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            recording: string | null;
            progress: number;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            answer: {
                from: string | null;
                to: string | null;
                messages: number;
                devices: number;
                draft: {
                    version: number;
                    alerts: number;
                    subjects: number;
                };
                inForce: {
                    version: number;
                    alerts: number;
                    subjects: number;
                } | null;
                same: number;
                onlyDraft: {
                    subject: {
                        type: string;
                        id: string;
                    };
                    jurisdiction: string;
                    /** Format: date-time */
                    firedAt: string;
                    clearedAt: string | null;
                    times: number;
                }[];
                onlyInForce: {
                    subject: {
                        type: string;
                        id: string;
                    };
                    jurisdiction: string;
                    /** Format: date-time */
                    firedAt: string;
                    clearedAt: string | null;
                    times: number;
                }[];
                clearedOtherwise: {
                    subject: {
                        type: string;
                        id: string;
                    };
                    jurisdiction: string;
                    /** Format: date-time */
                    firedAt: string;
                    clearedAt: string | null;
                    times: number;
                }[];
                leftOut: number;
                stopped: "too-many-alerts" | null;
                warnings: ("fires-for-nearly-every-device" | "raises-a-flood" | "too-many-alerts" | "watchlists-not-asked")[];
                recording: {
                    id: string;
                    lines: number;
                    leftOut: number;
                    refused: number;
                    refusals: {
                        line: number;
                        reason: string;
                        path: string;
                    }[];
                } | null;
            } | null;
        };
        RuleRecording: {
            id: string;
            lines: number;
            bytes: number;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            until: string;
            version: number;
        };
        RuleVersion: {
            id: string;
            rule: string;
            version: number;
            yaml: string | null;
            /** @enum {string} */
            state: "asked" | "in-force" | "replaced" | "rejected";
            reason: string;
            asked: {
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
            };
            decided: {
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
                why: string | null;
            } | null;
        };
        Silence: {
            id: string;
            /** @enum {string} */
            state: "planned" | "active" | "ended";
            jurisdiction: string;
            police: string | null;
            rule: string | null;
            kind: string | null;
            device: string | null;
            reason: string;
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            repeats: {
                /** @default all */
                days: ("all" | "workdays" | "days-off") | ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                from: string;
                to: string;
            }[] | null;
            turnsAt: string | null;
            endedAt: string | null;
            endedBy: string | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            holds: number;
            version: number;
        };
        SitePhoto: {
            /** Format: uuid */
            id: string;
            device: string;
            order: string | null;
            /** @enum {string} */
            what: "before" | "after" | "sign" | "other";
            /** @enum {string} */
            type: "image/jpeg" | "image/png";
            width: number;
            height: number;
            bytes: number;
            /** Format: date-time */
            kept: string;
            by: string;
            claimedByPhone: {
                position: {
                    lat: number;
                    lon: number;
                    accuracyM: number | null;
                } | null;
                at: string | null;
                localTime: string | null;
            };
        };
        User: {
            id: string;
            username: string;
            name: string;
            /** @enum {string} */
            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
            jurisdiction: string;
            police: string | null;
            disabledAt: string | null;
            mustChange: boolean;
            needsCode: boolean;
            secondFactor: boolean;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            version: number;
        };
        Watchlist: {
            id: string;
            name: string;
            jurisdiction: string;
            reason: string;
            case: string;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            /** @enum {string} */
            state: "draft" | "requested" | "approved" | "active" | "rejected" | "withdrawn" | "revoked" | "expired";
            inForce: boolean;
            emergency: boolean;
            entries: number;
            from: string | null;
            /** Format: date-time */
            until: string;
            approveBy: string | null;
            order: {
                unit: string;
                officer: string;
                phone: string;
                /** @enum {string} */
                category: "wanted-person" | "stolen-vehicle" | "hit-and-run" | "cloned-plate" | "drug-case" | "terror-case" | "missing-person" | "overdue-vehicle" | "other";
                level: number;
                /** @enum {string} */
                handling: "intercept" | "covert";
            } | null;
            named: string[] | null;
            requestedBy: string | null;
            requestedAt: string | null;
            approvedBy: string | null;
            approvedAt: string | null;
            byYou: boolean;
            asked: {
                /** @enum {string} */
                what: "renewal" | "revocation";
                by: string;
                /** Format: date-time */
                at: string;
                reason: string;
                until: string | null;
            } | null;
            ended: {
                by: string | null;
                /** Format: date-time */
                at: string;
                reason: string | null;
            } | null;
            version: number;
        };
        WorkOrder: {
            number: string;
            device: string;
            title: string;
            text: string | null;
            cause: string | null;
            /** @enum {string} */
            state: "open" | "taken" | "done" | "verified" | "cancelled";
            version: number;
            assignee: string | null;
            due: string | null;
            /** Format: date-time */
            opened: string;
            openedBy: string;
            occurrences: number;
            /** Format: date-time */
            last: string;
            closed: string | null;
            unitBefore: string;
            unitAfter: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
